"""Control sequences that move the cursor: places, tab stops, the scroll region."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headless.emulator.terminal import Terminal

Numbers = list[int]


def count(numbers: Numbers, index: int = 0) -> int:
    """A parameter that counts: absent and 0 mean 1."""
    return max(1, numbers[index]) if index < len(numbers) else 1


def _vertical(terminal: "Terminal", delta: int) -> None:
    """Moves up or down, not across the scroll region's edge if the cursor is inside it."""
    grid = terminal.grid
    low = grid.top if grid.y >= grid.top else 0
    high = grid.bottom if grid.y <= grid.bottom else grid.rows - 1
    grid.move_to(grid.column(), max(low, min(high, grid.y + delta)))


def up(terminal: "Terminal", numbers: Numbers) -> None:
    """CUU."""
    _vertical(terminal, -count(numbers))


def down(terminal: "Terminal", numbers: Numbers) -> None:
    """CUD."""
    _vertical(terminal, count(numbers))


def right(terminal: "Terminal", numbers: Numbers) -> None:
    """CUF."""
    terminal.grid.move_to(terminal.grid.column() + count(numbers), terminal.grid.y)


def left(terminal: "Terminal", numbers: Numbers) -> None:
    """CUB."""
    terminal.grid.move_to(terminal.grid.column() - count(numbers), terminal.grid.y)


def next_line(terminal: "Terminal", numbers: Numbers) -> None:
    """CNL."""
    down(terminal, numbers)
    terminal.carriage_return()


def previous_line(terminal: "Terminal", numbers: Numbers) -> None:
    """CPL."""
    up(terminal, numbers)
    terminal.carriage_return()


def to_column(terminal: "Terminal", numbers: Numbers) -> None:
    """CHA and HPA."""
    terminal.grid.move_to(count(numbers) - 1, terminal.grid.y)


def to_row(terminal: "Terminal", numbers: Numbers) -> None:
    """VPA."""
    _place(terminal, terminal.grid.column(), count(numbers) - 1)


def to_position(terminal: "Terminal", numbers: Numbers) -> None:
    """CUP."""
    _place(terminal, count(numbers, 1) - 1, count(numbers) - 1)


def _place(terminal: "Terminal", x: int, y: int) -> None:
    """Moves to a row counted from the scroll region's top in origin mode."""
    grid = terminal.grid
    if terminal.origin:
        y = min(grid.top + y, grid.bottom)
    grid.move_to(x, y)


def tabs(terminal: "Terminal", numbers: Numbers) -> None:
    """CHT."""
    for _ in range(min(count(numbers), terminal.columns)):
        terminal.tab()


def back_tabs(terminal: "Terminal", numbers: Numbers) -> None:
    """CBT."""
    grid = terminal.grid
    for _ in range(min(count(numbers), grid.columns)):
        stops = (stop for stop in range(grid.column() - 1, 0, -1) if stop in terminal.tab_stops)
        grid.move_to(next(stops, 0), grid.y)


def clear_tabs(terminal: "Terminal", numbers: Numbers) -> None:
    """TBC."""
    if numbers[0] == 0:
        terminal.tab_stops.discard(terminal.grid.column())
    elif numbers[0] == 3:
        terminal.tab_stops.clear()


def region(terminal: "Terminal", numbers: Numbers) -> None:
    """DECSTBM."""
    grid = terminal.grid
    bottom = numbers[1] if len(numbers) > 1 and numbers[1] else grid.rows
    grid.set_region(count(numbers) - 1, min(bottom, grid.rows) - 1)
    grid.move_to(0, grid.top if terminal.origin else 0)


def index(terminal: "Terminal") -> None:
    """IND."""
    terminal.grid.line_feed(terminal.erase_style())


def next_(terminal: "Terminal") -> None:
    """NEL."""
    terminal.carriage_return()
    index(terminal)


def reverse_index(terminal: "Terminal") -> None:
    """RI."""
    terminal.grid.reverse_line_feed(terminal.erase_style())


def set_tab(terminal: "Terminal") -> None:
    """HTS."""
    terminal.tab_stops.add(terminal.grid.column())
