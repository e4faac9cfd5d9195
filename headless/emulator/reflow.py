"""Rewraps the main screen and its history to another width."""

from collections.abc import Sequence

from headless.emulator.cells import DEFAULT_STYLE, NULL, RIGHT, SKIP, Line, StoredLine, Style, used_length
from headless.emulator.grid import Grid


def resize_main(grid: Grid, columns: int, rows: int) -> list[int]:
    """Resizes a grid with a history; returns for each old line (history first) its new index.

    Logical lines (those joined by soft ends) are wrapped anew; the screen is then the last `rows` lines, as
    far as lines are used, so that a screen that was not full stays at the top.
    """
    history = grid.history
    if history is None:
        grid.crop(columns, rows)
        return []
    stored = list(history.lines)
    live_rows = max(grid.used_rows(), grid.y + 1)
    old = stored + [line.store() for line in grid.lines[:live_rows]]
    wrapped, moved, cursor = _wrap_all(old, columns, len(stored) + grid.y, grid.x)
    top = max(0, len(wrapped) - rows)
    if cursor[0] < top:
        top = cursor[0]
        del wrapped[top + rows :]
    history.replace([line.store() for line in wrapped[:top]])
    screen = wrapped[top:]
    screen.extend(Line(columns) for _ in range(rows - len(screen)))
    grid.adopt(screen, columns, rows, cursor[1], cursor[0] - top)
    return moved


def _wrap_all(
    old: Sequence[StoredLine], columns: int, cursor_line: int, cursor_x: int
) -> tuple[list[Line], list[int], tuple[int, int]]:
    """Wraps all logical lines; where each old line begins now, and the cursor's new line and column."""
    wrapped: list[Line] = []
    moved: list[int] = []
    cursor = (0, 0)
    cells: list[str] = []
    styles: list[Style] = []
    starts: list[int] = []
    cursor_offset: int | None = None
    for index, line in enumerate(old):
        starts.append(len(cells))
        if index == cursor_line:
            cursor_offset = len(cells) + cursor_x
        keep = len(line.cells) - (line.cells[-1:] in ((SKIP,), SKIP))
        cells.extend(line.cells[:keep])
        styles.extend(line.styles()[:keep])
        if line.soft and index + 1 < len(old):
            continue
        base = len(wrapped)
        at_least = 0 if cursor_offset is None else cursor_offset
        wrapped.extend(_wrap(cells, styles, columns, at_least, line.soft))
        moved.extend(base + start // columns for start in starts)
        if cursor_offset is not None:
            row, x = divmod(cursor_offset, columns)
            if x == 0 and row and cursor_x:  # the cursor stood past the last column: it stays there
                row, x = row - 1, columns
            cursor = (base + row, x)
        cells, styles, starts, cursor_offset = [], [], [], None
    return wrapped, moved, cursor


def _wrap(cells: list[str], styles: list[Style], columns: int, at_least: int, soft: bool) -> list[Line]:
    """Cuts one logical line into lines of `columns` cells; no wide character is cut in two."""
    length = used_length(cells)
    lines: list[Line] = []
    position = 0
    while position < length:
        end = position + columns
        if end < len(cells) and cells[end] == RIGHT and columns > 1:
            end -= 1
            line = Line.of(cells[position:end], styles[position:end], columns, soft=True)
            line.cells[-1] = SKIP
        else:
            line = Line.of(cells[position:end], styles[position:end], columns, soft=True)
        lines.append(line)
        position = end
    while len(lines) * columns < at_least or not lines:
        lines.append(Line.of([NULL], [DEFAULT_STYLE], columns, soft=True))
    lines[-1].soft = soft
    return lines
