"""iTerm2's screen contents -> lines of cells with styles. Pure.

The messages are read by their attributes, so nothing of the `iterm2` package is needed here. What the fields mean is
in iTerm2 sources/PTYSession/PTYSession.m:21424-21734.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

#: None is the default colour, a number one of the palette's 256, a triple red, green, blue; "reversed" is the
#: default colour of the other side: as a foreground it is the default background.
Colour = None | int | tuple[int, int, int] | Literal["reversed"]

#: CellStyle.fgAlternate and bgAlternate (proto/api.proto, AlternateColor).
_REVERSED_DEFAULT = 3

_SOFT_EOL = 2


@dataclass(frozen=True, slots=True)
class Style:
    """How a cell is drawn. With `inverse`, `fg` and `bg` are already exchanged.

    Source: sources/VT100/VT100GraphicRendition.m:505.
    """

    fg: Colour = None
    bg: Colour = None
    bold: bool = False
    faint: bool = False
    italic: bool = False
    underline: bool = False
    blink: bool = False
    inverse: bool = False
    invisible: bool = False
    strikethrough: bool = False
    underline_colour: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a screen. `cells` holds each cell's text, "" for a cell without any; a `str` when each cell is one
    character, which is most lines and much the fastest. `runs` are styles with how many cells each covers."""

    cells: Sequence[str] = ""
    runs: tuple[tuple[int, Style], ...] = ()
    soft: bool = False


@dataclass(frozen=True, slots=True)
class Contents:
    """Lines as iTerm2 gave them. `first` is the absolute number of the first one, the cursor's row is absolute too;
    its column may equal the width: then a wrap is pending."""

    lines: tuple[Line, ...]
    first: int
    cursor_column: int
    cursor_row: int


def read_contents(response: Any) -> Contents:
    """A GetBufferResponse as a value."""
    return Contents(
        lines=tuple(_line(line) for line in response.contents),
        first=response.windowed_coord_range.coord_range.start.y,
        cursor_column=max(response.cursor.x, 0),
        cursor_row=response.cursor.y,
    )


def _line(line: Any) -> Line:
    return Line(
        cells=_cells(line.text, [(run.num_code_points, run.repeats) for run in line.code_points_per_cell]),
        runs=tuple((max(style.repeats, 1), _style(style)) for style in line.style),
        soft=line.continuation == _SOFT_EOL,
    )


def _cells(text: str, counts: list[tuple[int, int]]) -> Sequence[str]:
    """The text of each cell. The counts are UTF-16 units (sources/ExternalSessionState/ComplexCharRegistry.swift:125),
    not code points as the package takes them to be (iterm2/screen.py:395)."""
    if len(text) == sum(repeats for _, repeats in counts) and all(units == 1 for units, _ in counts):
        # One unit a cell leaves no room for a surrogate pair.
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    cells: list[str] = []
    place = 0
    for count, repeats in counts:
        size = 2 * count
        for _ in range(repeats):
            cells.append(units[place : place + size].decode("utf-16-le", "replace"))
            place += size
    return cells


def _style(style: Any) -> Style:
    return Style(
        fg=_colour(style, style.WhichOneof("fgColor"), "fg"),
        bg=_colour(style, style.WhichOneof("bgColor"), "bg"),
        bold=style.bold,
        faint=style.faint,
        italic=style.italic,
        underline=style.underline,
        blink=style.blink,
        inverse=style.inverse,
        invisible=style.invisible,
        strikethrough=style.strikethrough,
        underline_colour=_rgb(style.underlineColor) if style.HasField("underlineColor") else None,
    )


def _colour(style: Any, field: str | None, side: str) -> Colour:
    """One side's colour. An image cell has none, and iTerm2's own messages are drawn in the default."""
    if field == f"{side}Standard":
        return min(int(getattr(style, field)), 255)
    if field == f"{side}Rgb":
        return _rgb(getattr(style, field))
    if field == f"{side}Alternate" and getattr(style, field) == _REVERSED_DEFAULT:
        return "reversed"
    return None


def _rgb(colour: Any) -> tuple[int, int, int]:
    return (min(colour.red, 255), min(colour.green, 255), min(colour.blue, 255))
