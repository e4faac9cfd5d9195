"""A screen's contents -> the ANSI that makes a terminal of the same size show them. Pure.

It begins with a clear and ends with the cursor at its real place. What iTerm2's API does not tell (scroll region,
character sets, saved cursor, the main screen behind the alternate one) is left at a terminal's defaults.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, repeat

from broker.contents import Line, Style
from broker.glyph import BLANKS, glyph, is_doubtful, widest
from broker.modes import RESET, restore
from broker.sgr import PLAIN, sgr
from bus.messages.results import Modes

_CLEAR = "\x1b[H\x1b[2J"
_CLEAR_SCROLLBACK = "\x1b[3J"


_UNTOLD = Modes()


@dataclass(frozen=True, slots=True)
class Screen:
    """What to paint. `lines` are the screen's, top to bottom; `scrollback` those just above it, oldest first."""

    columns: int
    rows: int
    lines: Sequence[Line]
    cursor_column: int
    cursor_row: int
    scrollback: Sequence[Line] = ()
    modes: Modes = _UNTOLD
    #: The default foreground and background as #rrggbb, for cells that use one in the other's place.
    defaults: tuple[str, str] | None = None


def paint(screen: Screen) -> bytes:
    """The repaint as UTF-8."""
    pen = _Pen(screen)
    # The clear comes first because clients know a repaint by it, and again on the screen that the resets lead to.
    out = ["\x1b[2J\x1b[?1049l", RESET, _CLEAR]
    if screen.scrollback:
        out.append(_CLEAR_SCROLLBACK)
    lines = [*screen.lines[: screen.rows], *repeat(Line(), screen.rows - len(screen.lines))]
    if screen.modes.alternate_screen:
        # The scrollback belongs to the main screen: fill that and scroll it off before the alternate one opens.
        out += pen.lines([*screen.scrollback, *repeat(Line(), screen.rows)] if screen.scrollback else [])
        out += ["\x1b[?1049h", _CLEAR]
        out += pen.lines(lines)
    else:
        out += pen.lines([*screen.scrollback, *lines])
    out += _cursor(pen, screen, lines)
    out.append(restore(screen.modes))
    return "".join(out).encode("utf-8", "replace")


def _cursor(pen: "_Pen", screen: Screen, lines: Sequence[Line]) -> list[str]:
    row = min(max(screen.cursor_row, 0), screen.rows - 1)
    column = min(screen.cursor_column, screen.columns - 1)
    if screen.cursor_column < screen.columns:
        return [f"\x1b[{row + 1};{column + 1}H"]
    # A pending wrap has no sequence of its own: only writing the last cell makes it.
    return pen.last_cell(row, lines[row])


class _Pen:
    """Turns lines into text, with SGR only where the style changes."""

    def __init__(self, screen: Screen) -> None:
        self._columns = screen.columns
        self._defaults = screen.defaults
        self._style = PLAIN

    def lines(self, lines: Sequence[Line]) -> list[str]:
        """The lines one below the other, without a line feed after the last."""
        out: list[str] = []
        last = len(lines) - 1
        for number, line in enumerate(lines):
            self._line(out, line)
            if number < last and not _flows(line, lines[number + 1], self._columns):
                # The colour goes before the line feed: scrolling would fill the new line with it.
                self._take(out, PLAIN)
                out.append("\r\n")
        self._take(out, PLAIN)
        return out

    def last_cell(self, row: int, line: Line) -> list[str]:
        """Writes the last cell of a line again, which leaves a wrap pending."""
        cells = line.cells[: self._columns]
        place = self._columns - 1
        if 0 < place < len(cells) and cells[place] == "" and glyph(cells[place - 1])[1] == 2:
            place -= 1
        text = glyph(cells[place])[0] if place < len(cells) else " "
        out = [f"\x1b[{row + 1};{place + 1}H"]
        self._take(out, _styles(line, self._columns)[place])
        out.append(self._contained(text, place))
        self._take(out, PLAIN)
        return out

    def _take(self, out: list[str], style: Style) -> None:
        if style != self._style:
            out.append(sgr(style, self._defaults))
            self._style = style

    def _line(self, out: list[str], line: Line) -> None:
        cells = line.cells[: self._columns]
        if isinstance(cells, str) and cells.isascii():
            self._plain(out, cells, line)
        else:
            self._cells(out, cells, line)

    def _plain(self, out: list[str], cells: str, line: Line) -> None:
        text = cells.translate(BLANKS)
        place = 0
        for count, style in line.runs or ((len(text), PLAIN),):
            if place >= len(text):
                return
            self._take(out, style)
            out.append(text[place : place + count])
            place += count
        if place < len(text):
            self._take(out, PLAIN)
            out.append(text[place:])

    def _cells(self, out: list[str], cells: Sequence[str], line: Line) -> None:
        """Cell by cell, for lines with wide, combined or empty cells."""
        styles = _styles(line, len(cells))
        strayed = False
        wide = False
        reach, end = 0, len(cells)
        for column, (cell, style) in enumerate(zip(cells, styles, strict=True)):
            following = cells[column + 1] if column + 1 < len(cells) else None
            if wide:
                # The right half of the character before.
                wide = False
                continue
            if cell == "" and line.soft and following is None:
                # The column that was too narrow for the wide character that opens the next line.
                end = column
                break
            if strayed:
                out.append(f"\x1b[{column + 1}G")
            text, width = glyph(cell)
            wide = width == 2 and following == ""
            strayed = is_doubtful(text) or (width == 2 and not wide)
            self._take(out, style)
            out.append(self._contained(text, column))
            reach = max(reach, column + widest(text)) if strayed else reach
        if end < min(reach, self._columns):
            # Nothing is written there any more that would cover what a viewer drew too wide.
            self._take(out, PLAIN)
            out.append(f"\x1b[{end + 1}G\x1b[K")

    def _contained(self, text: str, column: int) -> str:
        """`text`, kept from wrapping in a viewer that draws it wider than there is room."""
        return f"\x1b[?7l{text}\x1b[?7h" if column + widest(text) > self._columns else text


def _styles(line: Line, length: int) -> list[Style]:
    """The style of each cell."""
    styles = list(chain.from_iterable(repeat(style, count) for count, style in line.runs))[:length]
    return styles + [PLAIN] * (length - len(styles))


def _flows(line: Line, following: Line, columns: int) -> bool:
    """Whether writing `following` right after `line` makes the terminal wrap where iTerm2 did.

    Then the viewer keeps both as one line too, for copying and for a change of its width.
    """
    if not line.soft or len(line.cells) < columns or not following.cells or not following.cells[0]:
        return False
    if widest(glyph(following.cells[0])[0]) > columns:
        # It is written with autowrap off.
        return False
    # An empty last column is the right half of a wide character, or the place where one did not fit: then the next
    # line is moved to, since emulators differ in what they do with such a character. So it is after an emoji that some
    # draw in parts.
    if line.cells[columns - 1] != "":
        return widest(glyph(line.cells[columns - 1])[0]) == 1
    text, width = glyph(line.cells[columns - 2]) if columns > 1 else ("", 0)
    return width == 2 and widest(text) == 2
