"""The app: windows hold tabs, tabs a tree of sessions. Values and look-ups; no I/O, no notifications."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from headless import split_tree
from headless.profiles import new_guid
from headless.session import Session
from headless.split_tree import Rect, Split
from headless.variables import Variables

#: A cell in points, for frames: what Monaco 12 measures.
CELL_WIDTH = 7
CELL_HEIGHT = 15
#: What a window needs besides its cells: margins, title bar.
CHROME_WIDTH = 10
CHROME_HEIGHT = 32


@dataclass(eq=False, slots=True)
class Tab:
    """One tab; `root` is never empty while the tab is in a window."""

    tab_id: int
    window: "Window"
    variables: Variables
    active: Session
    #: The tab's part of ITERM_SESSION_ID, fixed for its life (sources/TerminalView/PTYTab.m:1790).
    number: int = 0
    root: Split[Session] = field(default_factory=lambda: Split(vertical=False))
    #: The pane that fills the tab, if one is maximised.
    maximized: Session | None = None

    def sessions(self) -> list[Session]:
        """All panes, hidden ones too."""
        return list(split_tree.panes(self.root))


@dataclass(eq=False, slots=True)
class Window:
    """One terminal window, at least one tab."""

    number: int
    columns: int
    rows: int
    variables: Variables
    window_id: str = field(default_factory=lambda: f"pty-{new_guid()}")
    origin: tuple[int, int] = (0, 0)
    fullscreen: bool = False
    #: Origin and cells before it became full screen.
    normal: tuple[tuple[int, int], tuple[int, int]] | None = None
    tabs: list[Tab] = field(default_factory=list)
    selected: Tab | None = None

    @property
    def area(self) -> Rect:
        """The cells that a tab fills."""
        return Rect(0, 0, self.columns, self.rows)

    def frame_size(self) -> tuple[int, int]:
        """Width and height in points."""
        return self.columns * CELL_WIDTH + CHROME_WIDTH, self.rows * CELL_HEIGHT + CHROME_HEIGHT


@dataclass(eq=False, slots=True)
class App:
    """Everything there is."""

    variables: Variables
    #: In creation order, as ListSessions shows them.
    windows: list[Window] = field(default_factory=list)
    #: The same windows, front-most first; the first is the current one.
    stacking: list[Window] = field(default_factory=list)
    buried: list[Session] = field(default_factory=list)
    #: Closed sessions in their undo period.
    undoable: list[Session] = field(default_factory=list)
    active: bool = True
    #: Whether the current window has the keyboard.
    key: bool = True
    broadcast_domains: list[list[Session]] = field(default_factory=list)
    _tab_ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def current_window(self) -> Window | None:
        """The front-most window."""
        return self.stacking[0] if self.stacking else None

    @property
    def current_session(self) -> Session | None:
        """The active pane of the selected tab of the current window: what `active` means in requests."""
        window = self.current_window
        return window.selected.active if window is not None and window.selected is not None else None

    def next_tab_id(self) -> int:
        """Tab ids count from 1 in each run (sources/TerminalView/PTYTab.m:694)."""
        return next(self._tab_ids)

    def free_window_number(self) -> int:
        """The lowest number no window has (sources/iTermController/iTermController.m:1247)."""
        taken = {window.number for window in self.windows}
        return next(number for number in itertools.count() if number not in taken)

    def tabs(self) -> Iterator[Tab]:
        """All tabs of all windows."""
        for window in self.windows:
            yield from window.tabs

    def windowed_sessions(self) -> Iterator[Session]:
        """All sessions in windows."""
        for tab in self.tabs():
            yield from tab.sessions()

    def sessions(self) -> Iterator[Session]:
        """All sessions with an object: in windows, buried, and those that can still be brought back."""
        yield from self.windowed_sessions()
        yield from self.buried
        yield from self.undoable

    def session(self, guid: str) -> Session | None:
        """A listed session; `active` is the current one. Case matters."""
        if guid == "active":
            return self.current_session
        found = self.any_session(guid)
        return found if found is not None and found not in self.undoable else None

    def any_session(self, guid: str) -> Session | None:
        """A session by GUID, also one in its undo period (sources/iTermController/iTermController.m:1583)."""
        return next((session for session in self.sessions() if session.guid == guid), None)

    def window(self, window_id: str) -> Window | None:
        """A window by its id."""
        return next((window for window in self.windows if window.window_id == window_id), None)

    def tab(self, tab_id: str) -> Tab | None:
        """A tab by its id as text, exactly."""
        return next((tab for tab in self.tabs() if str(tab.tab_id) == tab_id), None)


def lenient_tab_id(text: str) -> str:
    """The number a text begins with, "0" without one: how activation reads tab ids (Foundation's intValue)."""
    digits = "".join(itertools.takewhile(str.isdigit, text.strip()))
    return str(int(digits[:9])) if digits.isascii() and digits else "0"
