"""Control sequences that change cells: erasing, inserting, deleting, scrolling."""

from typing import TYPE_CHECKING

from headless.emulator.cells import DEFAULT_STYLE, Line
from headless.emulator.cursor import Numbers, count

if TYPE_CHECKING:
    from headless.emulator.terminal import Terminal


def erase_display(terminal: "Terminal", numbers: Numbers) -> None:
    """ED. Erasing the whole main screen saves it to the scrollback first, as iTerm2 does."""
    grid, style, how = terminal.grid, terminal.erase_style(), numbers[0]
    if how == 3:
        terminal.main.history.clear() if terminal.main.history else None
    elif how == 2:
        grid.save_to_history()
        grid.erase_rows(0, grid.rows, style)
    elif how == 1:
        grid.erase_rows(0, grid.y, style)
        erase_line(terminal, numbers)
    elif how == 0:
        erase_line(terminal, numbers)
        grid.erase_rows(grid.y + 1, grid.rows, style)


def erase_line(terminal: "Terminal", numbers: Numbers) -> None:
    """EL."""
    grid, how, x = terminal.grid, numbers[0], terminal.grid.column()
    start, end = {0: (x, grid.columns), 1: (0, x + 1), 2: (0, grid.columns)}.get(how, (0, 0))
    grid.lines[grid.y].erase(start, end, terminal.erase_style())


def insert_lines(terminal: "Terminal", numbers: Numbers) -> None:
    """IL."""
    terminal.grid.insert_lines(count(numbers), terminal.erase_style())


def delete_lines(terminal: "Terminal", numbers: Numbers) -> None:
    """DL."""
    terminal.grid.delete_lines(count(numbers), terminal.erase_style())


def _cursor_line(terminal: "Terminal") -> tuple[Line, int]:
    grid = terminal.grid
    return grid.lines[grid.y], grid.column()


def insert_characters(terminal: "Terminal", numbers: Numbers) -> None:
    """ICH."""
    line, x = _cursor_line(terminal)
    line.insert(x, count(numbers), terminal.erase_style())


def delete_characters(terminal: "Terminal", numbers: Numbers) -> None:
    """DCH."""
    line, x = _cursor_line(terminal)
    line.delete(x, count(numbers), terminal.erase_style())


def erase_characters(terminal: "Terminal", numbers: Numbers) -> None:
    """ECH."""
    line, x = _cursor_line(terminal)
    line.erase(x, min(x + count(numbers), terminal.columns), terminal.erase_style())


def scroll_up(terminal: "Terminal", numbers: Numbers) -> None:
    """SU."""
    terminal.grid.scroll_up(count(numbers), terminal.erase_style())


def scroll_down(terminal: "Terminal", numbers: Numbers) -> None:
    """SD."""
    terminal.grid.scroll_down(count(numbers), terminal.erase_style())


def repeat(terminal: "Terminal", numbers: Numbers) -> None:
    """REP."""
    if terminal.last_character:
        terminal.text(terminal.last_character * min(count(numbers), terminal.columns * terminal.rows))


def alignment_test(terminal: "Terminal") -> None:
    """DECALN."""
    grid = terminal.grid
    for line in grid.lines:
        line.put(0, "E" * grid.columns, DEFAULT_STYLE)
    grid.move_to(0, 0)
