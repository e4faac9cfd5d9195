"""A rectangle of cells with a cursor and a scroll region; it knows no escape sequences."""

from headless.emulator.cells import DEFAULT_STYLE, Line, Style
from headless.emulator.history import History


class Grid:
    """One screen, main or alternate.

    The cursor's `x` may equal `columns`: the next character then wraps first, as in iTerm2
    (sources/VT100/VT100Grid.m:449).
    """

    def __init__(self, columns: int, rows: int, history: History | None) -> None:
        self.columns = columns
        self.rows = rows
        self.history = history
        self.lines = [Line(columns) for _ in range(rows)]
        self.x = 0
        self.y = 0
        self.top = 0
        self.bottom = rows - 1

    def blank(self, style: Style = DEFAULT_STYLE) -> Line:
        """A new empty line."""
        return Line(self.columns, style)

    def move_to(self, x: int, y: int) -> None:
        """Places the cursor, kept inside the grid; a pending wrap is forgotten."""
        self.x = max(0, min(x, self.columns - 1))
        self.y = max(0, min(y, self.rows - 1))

    def column(self) -> int:
        """The cursor's column, within the grid even when a wrap is pending."""
        return min(self.x, self.columns - 1)

    def scroll_up(self, count: int, style: Style) -> None:
        """Moves the region's lines up; lines that leave the top of the screen go to the history.

        As iTerm2 does by default, they go there also when the region ends above the last row (a status bar).
        """
        if count == 1 and self.top == 0 and self.history is not None:  # every line feed at the end of the screen
            self.history.append(self.lines[0])
            del self.lines[0]
            self.lines.insert(self.bottom, Line(self.columns, style))
            return
        count = min(count, self.bottom - self.top + 1)
        if self.top == 0 and self.history is not None:
            for line in self.lines[:count]:
                self.history.append(line)
        del self.lines[self.top : self.top + count]
        at = self.bottom - count + 1
        self.lines[at:at] = [self.blank(style) for _ in range(count)]

    def append_lines(self, texts: list[str], style: Style) -> None:
        """Writes lines of ASCII from the empty last row on, each scrolling the screen by one."""
        above = self.lines[:-1]
        if self.history is not None:
            for line in above[: len(texts)]:
                self.history.append(line)
            self.history.extend_plain(texts[: max(0, len(texts) - len(above))], style)
        shown = texts[max(0, len(texts) - len(above)) :]
        kept = above[len(texts) :]
        fresh = [Line.of(text, [style] * len(text), self.columns, soft=False) for text in shown]
        self.lines = [*kept, *fresh, self.blank()]

    def scroll_down(self, count: int, style: Style) -> None:
        """Moves the region's lines down; those that leave it are lost."""
        count = min(count, self.bottom - self.top + 1)
        del self.lines[self.bottom - count + 1 : self.bottom + 1]
        self.lines[self.top : self.top] = [self.blank(style) for _ in range(count)]
        self._harden(self.top - 1)

    def line_feed(self, style: Style) -> None:
        """One line down, scrolling at the region's end."""
        if self.y == self.bottom:
            self.scroll_up(1, style)
        elif self.y < self.rows - 1:
            self.y += 1

    def reverse_line_feed(self, style: Style) -> None:
        """One line up, scrolling at the region's top."""
        if self.y == self.top:
            self.scroll_down(1, style)
        elif self.y > 0:
            self.y -= 1

    def insert_lines(self, count: int, style: Style) -> None:
        """Inserts empty lines at the cursor, inside the region only."""
        self._shift_below_cursor(count, style, down=True)

    def delete_lines(self, count: int, style: Style) -> None:
        """Takes lines out at the cursor, inside the region only; nothing goes to the history."""
        self._shift_below_cursor(count, style, down=False)

    def _shift_below_cursor(self, count: int, style: Style, *, down: bool) -> None:
        if not self.top <= self.y <= self.bottom:
            return
        count = min(count, self.bottom - self.y + 1)
        blanks = [self.blank(style) for _ in range(count)]
        if down:
            del self.lines[self.bottom - count + 1 : self.bottom + 1]
            self.lines[self.y : self.y] = blanks
        else:
            del self.lines[self.y : self.y + count]
            at = self.bottom - count + 1
            self.lines[at:at] = blanks
        self._harden(self.y - 1)
        self.x = 0

    def _harden(self, row: int) -> None:
        """The line of `row` no longer goes on in the one below it."""
        if 0 <= row < self.rows:
            self.lines[row].soft = False

    def erase_rows(self, start: int, end: int, style: Style) -> None:
        """Empties the rows from `start` up to `end`."""
        for row in range(start, end):
            self.lines[row] = self.blank(style)

    def used_rows(self) -> int:
        """The number of rows up to the last one that holds anything."""
        count = self.rows
        while count and not self.lines[count - 1].used():
            count -= 1
        return count

    def save_to_history(self) -> None:
        """Copies the screen into the history, as iTerm2 does before the whole screen is erased."""
        if self.history is not None:
            for line in self.lines[: self.used_rows()]:
                self.history.append(line)

    def set_region(self, top: int, bottom: int) -> None:
        """Sets the scroll region in rows, both included; a region of less than two rows means the whole screen."""
        if 0 <= top < bottom < self.rows:
            self.top, self.bottom = top, bottom
        else:
            self.top, self.bottom = 0, self.rows - 1

    def crop(self, columns: int, rows: int) -> None:
        """Resizes without rewrapping (the alternate screen): cut at the right and, if need be, at the top."""
        surplus = max(0, self.y + 1 - rows)
        lines = [Line.of(line.cells, line.styles, columns, soft=False) for line in self.lines[surplus : surplus + rows]]
        lines.extend(Line(columns) for _ in range(rows - len(lines)))
        self.adopt(lines, columns, rows, self.x, self.y - surplus)

    def adopt(self, lines: list[Line], columns: int, rows: int, x: int, y: int) -> None:
        """Takes over lines of another size; the scroll region becomes the whole screen."""
        self.lines, self.columns, self.rows = lines, columns, rows
        self.top, self.bottom = 0, rows - 1
        self.x, self.y = max(0, min(x, columns)), max(0, min(y, rows - 1))
