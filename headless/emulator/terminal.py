"""One session's terminal: its state, and how single controls change it.

Text (printing.py) and sequences (tables in csi.py, modes.py, osc.py) work on the state kept here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from headless.emulator import csi, osc, printing, reports
from headless.emulator.cells import DEFAULT_STYLE, FILLER, NULL, Style
from headless.emulator.grid import Grid
from headless.emulator.history import History
from headless.emulator.marks import Marks
from headless.emulator.parser import Parser
from headless.emulator.reflow import resize_main

#: Replies that wait to be taken; a program that asks without end must not fill memory.
_MAX_REPLIES = 64 * 1024


@dataclass(slots=True)
class Saved:
    """What DECSC keeps."""

    x: int = 0
    y: int = 0
    style: Style = DEFAULT_STYLE
    charsets: tuple[str, str] = ("B", "B")
    shift: int = 0
    origin: bool = False


@dataclass(slots=True)
class News:
    """What happened since it was last taken; goes to the host after each batch of bytes."""

    facts: dict[str, object] = field(default_factory=dict)
    prompts: list[dict[str, object]] = field(default_factory=list)
    custom: list[tuple[str, str]] = field(default_factory=list)
    bells: int = 0
    replies: bytearray = field(default_factory=bytearray)


class Terminal:
    """A terminal fed with bytes. Pure: nothing here reads, writes or waits."""

    def __init__(
        self, columns: int, rows: int, scrollback: int, colors: Mapping[str, tuple[int, int, int]] | None = None
    ) -> None:
        self.history = History(scrollback)
        self.main = Grid(columns, rows, self.history)
        self.alternate = Grid(columns, rows, None)
        self.grid = self.main
        self.colors = dict(colors or {})
        self.marks = Marks()
        self.news = News()
        self.changed = False
        self._parser = Parser(self)
        self.reset_state()

    def reset_state(self) -> None:
        """Everything but the cells as at power-on."""
        self.style = DEFAULT_STYLE
        self.charsets = ["B", "B"]
        self.shift = 0
        self.autowrap = True
        self.insert = False
        self.origin = False
        self.newline = False
        self.flags: set[int] = {7, 25}
        self.mouse = -1
        self.keypad = False
        self.cursor_shape = 0
        self.saved = {id(self.main): Saved(), id(self.alternate): Saved()}
        self.tab_stops = set(range(8, 4096, 8))
        self.last_character = ""
        #: The grid, column and row of the character written last: what comes next may join it.
        self.cluster_at: tuple[Grid, int, int] | None = None
        for grid in (self.main, self.alternate):
            grid.set_region(0, grid.rows - 1)

    # What the host asks for.

    def feed(self, data: bytes) -> None:
        """Interprets output of the session's program."""
        self.changed = True
        self._parser.feed(data)

    def resize(self, columns: int, rows: int) -> None:
        """Adopts a new size: the main screen is rewrapped with its history, the alternate one cropped."""
        before = self.history.overflow
        moved = resize_main(self.main, columns, rows)
        self.marks.move_lines(before, moved)
        self.alternate.crop(columns, rows)
        self.cluster_at = None
        self.changed = True

    def take_news(self) -> News:
        """What happened since the last call."""
        news, self.news = self.news, News()
        return news

    # Where things are.

    @property
    def columns(self) -> int:
        """Width in cells."""
        return self.grid.columns

    @property
    def rows(self) -> int:
        """Height in cells."""
        return self.grid.rows

    def first_row(self) -> int:
        """The absolute line number of the screen's first row: lines lost plus lines in the scrollback."""
        return self.history.overflow + len(self.history.lines)

    def position(self) -> tuple[int, int]:
        """The cursor as column and absolute line."""
        return self.grid.x, self.first_row() + self.grid.y

    def erase_style(self) -> Style:
        """The style of erased cells: only the background colour stays (BCE)."""
        return Style(bg=self.style.bg) if self.style.bg is not None else DEFAULT_STYLE

    def reply(self, text: str) -> None:
        """An answer that the host types into the session."""
        if len(self.news.replies) < _MAX_REPLIES:
            self.news.replies += text.encode()

    def tell(self, name: str, value: object) -> None:
        """Reports the new value of one of the session's properties."""
        self.news.facts[name] = value

    # What the parser finds.

    def text(self, run: str) -> None:
        """Printable characters at the cursor."""
        printing.text(self, run)

    def lines(self, run: str) -> bool:
        """Plain lines, each with its end; False when they have to come as text and controls."""
        return printing.lines(self, run)

    def control(self, char: str) -> None:
        """One control character."""
        action = _CONTROLS.get(char)
        if action is not None:
            action(self)

    def escape(self, intermediates: str, final: str) -> None:
        """ESC followed by a final character."""
        csi.escape(self, intermediates, final)

    def csi(self, prefix: str, parameters: str, intermediates: str, final: str) -> None:
        """A control sequence."""
        csi.execute(self, prefix, parameters, intermediates, final)

    def string(self, kind: str, body: str) -> None:
        """An OSC or DCS string; the others mean nothing here."""
        if kind == "]":
            osc.execute(self, body)
        elif kind == "P":
            reports.device_control(self, body)

    # Single controls.

    def line_feed(self) -> None:
        """LF, VT, FF, IND."""
        grid = self.grid
        if self.newline:
            grid.x = 0
        grid.line_feed(self.erase_style())

    def carriage_return(self) -> None:
        """CR."""
        self.grid.x = 0

    def backspace(self) -> None:
        """BS; from a pending wrap it goes to the last but one column, as from the last one."""
        self.grid.x = max(0, self.grid.column() - 1)

    def tab(self) -> None:
        """HT: over empty cells it leaves fillers and a tab (sources/VT100Screen/VT100ScreenMutableState.m:2566)."""
        grid = self.grid
        start = grid.x
        target = self.next_tab(start)
        if target <= start:
            return
        line = grid.lines[grid.y]
        if all(cell == NULL for cell in line.cells[start:target]):
            soft = line.soft
            line.put(start, FILLER * (target - start - 1) + "\t", self.style)
            line.soft = soft
        grid.x = target

    def next_tab(self, x: int) -> int:
        """The column of the next tab stop after `x`, at most the last column."""
        last = self.grid.columns - 1
        return next((stop for stop in range(x + 1, last) if stop in self.tab_stops), last)

    def bell(self) -> None:
        """BEL."""
        self.news.bells += 1

    def shift_out(self) -> None:
        """SO: characters come from G1."""
        self.shift = 1

    def shift_in(self) -> None:
        """SI: characters come from G0."""
        self.shift = 0


_CONTROLS = {
    "\a": Terminal.bell,
    "\b": Terminal.backspace,
    "\t": Terminal.tab,
    "\n": Terminal.line_feed,
    "\v": Terminal.line_feed,
    "\f": Terminal.line_feed,
    "\r": Terminal.carriage_return,
    "\x0e": Terminal.shift_out,
    "\x0f": Terminal.shift_in,
}
