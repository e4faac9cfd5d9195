"""What a screen is made of: cells, their styles, and lines of them."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from headless.emulator.widths import char_width

#: A cell that nothing was ever written to (iTerm2: code 0).
NULL = "\x00"
#: The right half of a double-width character (iTerm2 sources/ScreenChar/ScreenChar.h:56, DWC_RIGHT).
RIGHT = "\x01"
#: The last column of a line whose next character was too wide to fit (DWC_SKIP).
SKIP = "\x02"
#: A cell that a tab passed over; the tab itself stands in the last one (TAB_FILLER).
FILLER = "\x03"
#: Cells that hold no character of their own.
EMPTY_CELLS = frozenset((RIGHT, SKIP, FILLER))

#: None is the default colour, a number one of 256, a triple is red, green, blue.
Color = int | tuple[int, int, int] | None


class Style(NamedTuple):
    """How a cell is drawn, before an inverse swaps its colours."""

    fg: Color = None
    bg: Color = None
    bold: bool = False
    faint: bool = False
    italic: bool = False
    underline: bool = False
    blink: bool = False
    inverse: bool = False
    invisible: bool = False
    strikethrough: bool = False
    underline_color: tuple[int, int, int] | None = None


DEFAULT_STYLE = Style()


class StoredLine(NamedTuple):
    """A line in the scrollback: without its trailing null cells, styles as runs; a fifth of a live line's memory."""

    cells: str | tuple[str, ...]
    runs: tuple[tuple[Style, int], ...]
    soft: bool

    def styles(self) -> list[Style]:
        """One style for each cell."""
        return [style for style, count in self.runs for _ in range(count)]


class Line:
    """One line of a grid: as many cells and styles as the grid has columns, and how it ends."""

    __slots__ = ("cells", "soft", "styles")

    def __init__(self, columns: int, style: Style = DEFAULT_STYLE) -> None:
        self.cells = [NULL] * columns
        self.styles = [style] * columns
        #: True when the text goes on in the next line without a line break between.
        self.soft = False

    @classmethod
    def of(cls, cells: Sequence[str], styles: Sequence[Style], columns: int, soft: bool) -> "Line":
        """A line of `columns` cells that begins with the given ones."""
        line = cls(columns)
        count = min(len(cells), columns)
        line.cells[:count] = cells[:count]
        line.styles[:count] = styles[:count]
        line.soft = soft
        return line

    def put(self, x: int, cells: Sequence[str], style: Style) -> None:
        """Writes `cells` from column `x` on; they must fit. Halves of wide characters at the edges are blanked."""
        end = x + len(cells)
        own = self.cells
        if own[x] == RIGHT and x > 0:
            own[x - 1] = NULL
        if end < len(own):
            if own[end] == RIGHT:
                own[end] = NULL
        else:
            self.soft = False
        own[x:end] = cells
        self.styles[x:end] = [style] * (end - x)

    def erase(self, start: int, end: int, style: Style) -> None:
        """Turns the cells from `start` up to `end` into null cells of `style`."""
        if start < end:
            self.put(start, NULL * (end - start), style)

    def insert(self, x: int, count: int, style: Style) -> None:
        """Moves the cells from `x` on to the right by `count`; those pushed out are lost."""
        columns = len(self.cells)
        count = min(count, columns - x)
        if self.cells[x] == RIGHT and x > 0:
            self.cells[x - 1] = self.cells[x] = NULL
        self.cells[x:] = [NULL] * count + self.cells[x : columns - count]
        self.styles[x:] = [style] * count + self.styles[x : columns - count]
        self._mend_end()

    def delete(self, x: int, count: int, style: Style) -> None:
        """Takes `count` cells out from `x` on; the rest moves left, null cells follow it."""
        columns = len(self.cells)
        count = min(count, columns - x)
        if self.cells[x] == RIGHT and x > 0:
            self.cells[x - 1] = NULL
        self.cells[x:] = self.cells[x + count :] + [NULL] * count
        self.styles[x:] = self.styles[x + count :] + [style] * count
        if self.cells[x] == RIGHT:
            self.cells[x] = NULL

    def _mend_end(self) -> None:
        """Blanks a wide character whose right half was pushed out."""
        self.soft = False
        last = len(self.cells) - 1
        if last >= 0 and is_wide_head(self.cells[last]):
            self.cells[last] = NULL

    def used(self) -> int:
        """The number of cells up to the last one that is not null."""
        return used_length(self.cells)

    def store(self) -> StoredLine:
        """The compact form for the scrollback."""
        text = "".join(self.cells)
        cells: str | tuple[str, ...] = text.rstrip(NULL)  # without a loop: every line that scrolls pays this
        if len(text) != len(self.cells):
            cells = tuple(self.cells[: used_length(self.cells)])
        count = len(cells)
        if not count:
            return StoredLine("", (), self.soft)
        styles = self.styles[:count]
        first = styles[0]
        if styles.count(first) == count:
            return StoredLine(cells, ((first, count),), self.soft)
        return StoredLine(cells, tuple((style, len(list(run))) for style, run in groupby(styles)), self.soft)


def used_length(cells: Sequence[str]) -> int:
    """The number of cells up to the last one that is not null."""
    count = len(cells)
    while count and cells[count - 1] == NULL:
        count -= 1
    return count


def is_wide_head(cell: str) -> bool:
    """Whether the cell holds a character that takes two columns."""
    return cell > "\x7f" and any(char_width(char) == 2 for char in cell)
