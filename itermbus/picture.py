"""A repaint as text, HTML or SVG: drawn by an emulator, then written by rich. Pure."""

import io
import re
from itertools import groupby

import pyte
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from bus.messages.events import Config
from bus.messages.results import Snapshot

#: A picture of a terminal that somebody looks at must not fetch anything from anywhere.
_SVG_FORMAT = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "Fira Code, monospace", "Menlo, DejaVu Sans Mono, monospace"
)

#: pyte's names for colours, where rich has others.
_COLOURS = {"brown": "yellow", "default": "default"}


class Picture:
    """A screen with the scrollback above it. `lines` are as long as what is in them."""

    def __init__(self, snapshot: Snapshot, repaint: bytes, scrollback: int) -> None:
        screen = pyte.HistoryScreen(snapshot.columns, snapshot.rows, history=max(1, scrollback))
        pyte.ByteStream(screen).feed(repaint)
        rows = [screen.buffer[row] for row in range(snapshot.rows)]
        above = list(screen.history.top) if scrollback else []
        self._columns = snapshot.columns
        self._rows = [[line[column] for column in range(snapshot.columns)] for line in (*above, *rows)]

    def text(self) -> str:
        """The characters, without spaces at the ends of lines and empty lines at the end."""
        lines = ["".join(cell.data for cell in row).rstrip() for row in self._rows]
        return "\n".join(lines).rstrip("\n") + "\n"

    def html(self, config: Config, title: str) -> str:
        """A page in the session's own colours."""
        return self._drawn(title).export_html(theme=_theme(config))

    def svg(self, config: Config, title: str) -> str:
        """A window in the session's own colours."""
        return self._drawn(title).export_svg(title=title, theme=_theme(config), code_format=_SVG_FORMAT)

    def _drawn(self, title: str) -> Console:
        out = Console(
            record=True, file=io.StringIO(), width=self._columns, color_system="truecolor", force_terminal=True
        )
        for row in self._rows:
            line = Text(no_wrap=True, overflow="ignore", end="")
            for style, cells in groupby(row, _style):
                line.append("".join(cell.data for cell in cells), style)
            out.print(line, crop=False, end="\n")
        return out


def _style(cell: pyte.screens.Char) -> Style:
    return Style(
        color=_colour(cell.fg),
        bgcolor=_colour(cell.bg),
        bold=cell.bold,
        italic=cell.italics,
        underline=cell.underscore,
        strike=cell.strikethrough,
        reverse=cell.reverse,
    )


def _colour(name: str) -> str:
    if re.fullmatch(r"[0-9a-f]{6}", name):
        return f"#{name}"
    if name.startswith("bright"):
        plain = name.removeprefix("bright")
        return f"bright_{_COLOURS.get(plain, plain)}"
    return _COLOURS.get(name, name)


def _theme(config: Config) -> TerminalTheme:
    colours = [_rgb(colour) for colour in config.ansi_colors]
    return TerminalTheme(_rgb(config.background), _rgb(config.foreground), colours[:8], colours[8:])


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
