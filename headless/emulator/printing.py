"""Printable characters: which cells they take at the cursor, and what they join."""

import re
from typing import TYPE_CHECKING

from headless.emulator.cells import NULL, RIGHT, SKIP
from headless.emulator.widths import char_width, joins

if TYPE_CHECKING:
    from headless.emulator.terminal import Terminal

_LINE_DRAWING = str.maketrans("`abcdefghijklmnopqrstuvwxyz{|}~", "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·")
_ASCII_AND_REST = re.compile(r"[\x20-\x7e]+|[^\x20-\x7e]+")


def text(terminal: "Terminal", run: str) -> None:
    """Printable characters at the cursor."""
    if terminal.charsets[terminal.shift] == "0":
        run = run.translate(_LINE_DRAWING)
    terminal.last_character = run[-1]
    if run.isascii():
        _narrow(terminal, run)
        return
    for piece in _ASCII_AND_REST.findall(run):
        if piece.isascii():
            _narrow(terminal, piece)
        else:
            for char in piece:
                _one(terminal, char)


def lines(terminal: "Terminal", run: str) -> bool:
    """Plain lines at the end of a screen that scrolls as a whole: most of them go straight to the history.

    False where the screen is not so: then nothing was done.
    """
    grid, style = terminal.grid, terminal.style
    is_drawing = terminal.charsets[terminal.shift] == "0"
    ordinary = grid is terminal.main and terminal.autowrap and not terminal.insert and not is_drawing
    at_end = grid.x == 0 and grid.y == grid.bottom == grid.rows - 1 and grid.top == 0
    if not ordinary or not at_end or style.bg is not None or grid.lines[grid.y].used():
        return False
    whole = run[:-2].split("\r\n")
    if max(map(len, whole)) > grid.columns:
        return False
    grid.append_lines(whole, style)
    terminal.last_character = whole[-1][-1:] or terminal.last_character
    terminal.cluster_at = None
    return True


def _wrap(terminal: "Terminal") -> None:
    """Goes to the next line if a wrap is pending."""
    grid = terminal.grid
    if grid.x < grid.columns:
        return
    if terminal.autowrap:
        grid.lines[grid.y].soft = True
        grid.x = 0
        grid.line_feed(terminal.erase_style())
    else:
        grid.x = grid.columns - 1


def _narrow(terminal: "Terminal", run: str) -> None:
    grid, start, length = terminal.grid, 0, len(run)
    while start < length:
        _wrap(terminal)
        end = min(length, start + grid.columns - grid.x)
        if end < length and not terminal.autowrap:  # the rest lands on the last column, one on another
            run = run[: end - 1] + run[-1]
            length = end
        line = grid.lines[grid.y]
        if terminal.insert:
            line.insert(grid.x, end - start, terminal.style)
        line.put(grid.x, run[start:end], terminal.style)
        grid.x += end - start
        start = end
    terminal.cluster_at = (grid, grid.x - 1, grid.y)


def _one(terminal: "Terminal", char: str) -> None:
    """A character beyond ASCII: it may join the one before, or take two columns."""
    if _join(terminal, char):
        return
    grid, width = terminal.grid, char_width(char)
    if width == 0:  # nothing to join
        return
    _wrap(terminal)
    if width > grid.columns:
        return
    if grid.x + width > grid.columns:
        if not terminal.autowrap:
            grid.x = grid.columns - width
        else:
            grid.lines[grid.y].put(grid.x, SKIP, terminal.style)
            grid.x = grid.columns
            _wrap(terminal)
    line = grid.lines[grid.y]
    if terminal.insert:
        line.insert(grid.x, width, terminal.style)
    line.put(grid.x, (char, RIGHT) if width == 2 else (char,), terminal.style)
    terminal.cluster_at = (grid, grid.x, grid.y)
    grid.x += width


def _join(terminal: "Terminal", char: str) -> bool:
    """Adds `char` to the cell written last, if it belongs there and the cursor has not moved since."""
    if terminal.cluster_at is None:
        return False
    grid, x, y = terminal.cluster_at
    if grid is not terminal.grid or y != grid.y or not 0 <= x < grid.columns:
        return False
    line = grid.lines[y]
    wide = x + 1 < grid.columns and line.cells[x + 1] == RIGHT
    if grid.x != x + 1 + wide or line.cells[x] == NULL or not joins(line.cells[x], char):
        return False
    line.cells[x] += char
    flag = len(line.cells[x]) == 2 and "\U0001f1e6" <= char <= "\U0001f1ff"
    if flag and not wide and x + 1 < grid.columns:
        line.put(x, (line.cells[x], RIGHT), terminal.style)
        grid.x += 1
    return True
