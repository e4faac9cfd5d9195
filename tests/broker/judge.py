"""An independent terminal emulator (pyte) as the judge of a repaint: does it show the cells that the host holds?

pyte cannot hold everything: it knows no alternate screen, no faint or invisible text, no underline colours, does not
remember which lines wrapped, and splits emoji made of several characters. `judge` compares the rest with it, cell by
cell; what it lacks is compared with the host's own emulator in `same_again`.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Any

import pyte
from iterm2 import api_pb2
from wcwidth import wcwidth

from headless.emulator.encoding import encode_buffer
from headless.emulator.terminal import Terminal

_NAMES = ["black", "red", "green", "brown", "blue", "magenta", "cyan", "white"]
_NAMES += [f"bright{name}" for name in _NAMES]

#: pyte takes the colons of an underline's colour for text, and misspells one of its colours.
_UNDERLINE_COLOUR = re.compile(rb";58:2[0-9:]*")
_MISSPELT = {"bfightmagenta": "brightmagenta"}


@dataclass(frozen=True, slots=True)
class Cell:
    """What is seen in one cell: colours as drawn, inverse carried out."""

    text: str
    fg: str = "default"
    bg: str = "default"
    bold: bool = False
    italic: bool = False
    underline: bool = False
    blink: bool = False
    strikethrough: bool = False
    faint: bool = False
    invisible: bool = False
    underline_colour: str = ""


def held(response: Any, columns: int) -> list[list[Cell]]:
    """The cells of a GetBufferResponse, read without the code under test."""
    return [_held_line(line, columns) for line in response.contents]


def _held_line(line: Any, columns: int) -> list[Cell]:
    units = line.text.encode("utf-16-le")
    counts = [run.num_code_points for run in line.code_points_per_cell for _ in range(run.repeats)]
    styles = [style for style in line.style for _ in range(style.repeats)]
    cells: list[Cell] = []
    for count, style in zip(counts, styles, strict=True):
        text, units = units[: 2 * count].decode("utf-16-le"), units[2 * count :]
        is_right = not text and bool(cells) and _width(cells[-1].text) == 2
        shown = "" if is_right else text if text.strip("\0\t") else " "
        # The right half is drawn with its character.
        cells.append(replace(cells[-1], text="") if is_right else _styled(shown, style))
    is_soft = line.continuation == api_pb2.LineContents.CONTINUATION_SOFT_EOL
    if is_soft and len(cells) == columns and counts[-1] == 0 and cells[-1].text == " ":
        # The column in which a wide character had no room: nothing is drawn there.
        cells[-1] = Cell(" ")
    return cells + [Cell(" ")] * (columns - len(cells))


def _width(text: str) -> int:
    return wcwidth(text[0]) if len(text) == 1 else 0 if not text else 2 if _is_wide(text) else 1


def _is_wide(text: str) -> bool:
    return wcwidth(text[0]) == 2 or "\ufe0f" in text or "\U0001f1e6" <= text[0] <= "\U0001f1ff"


def _styled(text: str, style: Any) -> Cell:
    under = style.underlineColor
    return Cell(
        text,
        fg=_colour(style, "fg"),
        bg=_colour(style, "bg"),
        bold=style.bold,
        italic=style.italic,
        underline=style.underline,
        blink=style.blink,
        strikethrough=style.strikethrough,
        faint=style.faint,
        invisible=style.invisible,
        underline_colour=f"{under.red} {under.green} {under.blue}" if style.HasField("underlineColor") else "",
    )


def _colour(style: Any, side: str) -> str:
    kind = style.WhichOneof(f"{side}Color") or ""
    value = getattr(style, kind)
    if kind.endswith("Standard"):
        return _NAMES[value] if value < 16 else pyte.graphics.FG_BG_256[value]
    if kind.endswith("Rgb"):
        return f"{value.red:02x}{value.green:02x}{value.blue:02x}"
    return "other" if value == api_pb2.REVERSED_DEFAULT else "default"


class Viewer(pyte.HistoryScreen):  # type: ignore[misc]
    """A terminal that showed something else before it gets a repaint."""

    def __init__(self, columns: int, rows: int) -> None:
        super().__init__(columns, rows, history=100_000)
        self._stream = pyte.ByteStream(self)
        self._stream.feed(b"\x1b[41m\x1b[2;3r\x1b[?6h\x1b[4h\x1b[?1000h" + b"rubbish " * columns)

    def feed(self, data: bytes) -> None:
        """Shows `data`."""
        self._stream.feed(_UNDERLINE_COLOUR.sub(b"", data))

    def draw(self, data: str) -> None:
        """pyte wraps before a mark that follows the last column, which terminals do not: that mark joins the column."""
        for piece in re.findall(r"[\x00-\x7f]+|[^\x00-\x7f]", data):
            if self.cursor.x < self.columns or wcwidth(piece[0]) != 0:
                super().draw(piece)
            elif unicodedata.combining(piece):
                line = self.buffer[self.cursor.y]
                last = next(c for c in range(self.columns - 1, -1, -1) if line[c].data)
                line[last] = line[last]._replace(data=unicodedata.normalize("NFC", line[last].data + piece))

    def has_mode(self, number: int) -> bool:
        """Whether a DEC private mode is on."""
        return number << 5 in self.mode

    def above(self) -> list[list[Cell]]:
        """What scrolled off at the top."""
        return [self._cells(line) for line in self.history.top]

    def rows(self) -> list[list[Cell]]:
        """What is on the screen."""
        return [self._cells(self.buffer[row]) for row in range(self.lines)]

    def _cells(self, line: Any) -> list[Cell]:
        return [_shown(line[column]) for column in range(self.columns)]


def _shown(char: Any) -> Cell:
    fg, bg = _MISSPELT.get(char.fg, char.fg), _MISSPELT.get(char.bg, char.bg)
    if char.reverse:
        fg, bg = ("other" if bg == "default" else bg), ("other" if fg == "default" else fg)
    attributes = {"bold": char.bold, "italic": char.italics, "underline": char.underscore}
    return Cell(char.data, fg, bg, blink=char.blink, strikethrough=char.strikethrough, **attributes)


def differences(wanted: list[list[Cell]], shown: list[list[Cell]]) -> list[str]:
    """Where the judge sees something else than what is held."""
    found = []
    for row, (line, other) in enumerate(zip(wanted, shown, strict=True)):
        for column, (cell, seen) in enumerate(zip(line, other, strict=True)):
            if not _agree(cell, seen):
                found.append(f"row {row} column {column}: held {cell}, shown {seen}")
    return found


def _agree(cell: Cell, seen: Cell) -> bool:
    if cell.text == "":
        # Of a split cluster pyte leaves something in the right half; its colours are the character's.
        return True
    plain = replace(cell, text="", faint=False, invisible=False, underline_colour="")
    if len(cell.text) > 1 and _width(cell.text) == 2:
        # It draws the parts one after the other, in the last columns one over the other.
        return seen.text[:1] in cell.text and replace(seen, text="") == plain
    # pyte keeps the marks that Unicode calls combining and drops those that only take no room.
    kept = cell.text[0] + "".join(char for char in cell.text[1:] if unicodedata.combining(char))
    same_text = unicodedata.normalize("NFC", seen.text) == unicodedata.normalize("NFC", kept)
    return same_text and replace(seen, text="") == plain


def same_again(response: Any, repaint: bytes, columns: int, rows: int) -> list[str]:
    """Differences between what the host holds and its own emulator after the repaint, attributes and wraps included."""
    terminal = Terminal(columns, rows, 100_000)
    terminal.feed(repaint)
    again = encode_buffer(terminal, api_pb2.LineRange(screen_contents_only=True))
    assert again is not None
    found = []
    for row, (line, other) in enumerate(zip(held(response, columns), held(again, columns), strict=True)):
        for column, (cell, seen) in enumerate(zip(line, other, strict=True)):
            if cell != seen:
                found.append(f"row {row} column {column}: held {cell}, again {seen}")
    for row, (one, two) in enumerate(zip(response.contents, again.contents, strict=True)):
        if one.continuation != two.continuation and _joins(response.contents, row, columns):
            found.append(f"row {row}: joined with the next line there, not here")
    return found


def _joins(lines: Any, row: int, columns: int) -> bool:
    """Whether a wrap can be painted: the line is full, and not because a wide character did not fit."""
    counts = [run.num_code_points for run in lines[row].code_points_per_cell for _ in range(run.repeats)]
    if row + 1 == len(lines) or len(counts) < columns or not lines[row + 1].text:
        return False
    return counts[-1] == 1 or (counts[-1] == 0 and counts[-2] == 1 and _width(lines[row].text[-1]) == 2)
