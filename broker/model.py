"""What the broker knows of iTerm2: values, and the records that it keeps between two looks. No I/O."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from broker.attach import History
from bus.messages.events import Config
from bus.messages.fields import MarkState
from bus.messages.layout import Iterm2Status

#: A variable's value as iTerm2 gives it: decoded JSON.
Json = None | bool | int | float | str | list[object] | dict[str, object]


@dataclass(frozen=True, slots=True)
class Pane:
    """A session where a list of sessions names it. Size in cells, None where the list has none."""

    session_id: str
    title: str = ""
    columns: int | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a tab's split tree; `vertical`: the dividers are."""

    vertical: bool
    children: tuple["Node | Pane", ...]

    def panes(self) -> Iterator[Pane]:
        for child in self.children:
            if isinstance(child, Pane):
                yield child
            else:
                yield from child.panes()


@dataclass(frozen=True, slots=True)
class ListedTab:
    tab_id: str
    root: Node
    active_session_id: str | None = None


@dataclass(frozen=True, slots=True)
class ListedWindow:
    window_id: str
    number: int
    tabs: tuple[ListedTab, ...]
    selected_tab_id: str | None = None


@dataclass(frozen=True)
class Listing:
    """iTerm2's answer to ListSessions. What is looked up in it is gathered once: a hundred sessions are a hundred words
    of focus at every look."""

    windows: tuple[ListedWindow, ...] = ()
    buried: tuple[Pane, ...] = ()

    def tabs(self) -> Iterator[tuple[ListedWindow, ListedTab]]:
        for window in self.windows:
            for tab in window.tabs:
                yield window, tab

    def panes(self) -> Iterator[Pane]:
        """Every session, buried ones last."""
        for _, tab in self.tabs():
            yield from tab.root.panes()
        yield from self.buried

    def session_ids(self) -> frozenset[str]:
        return self._session_ids

    @cached_property
    def _session_ids(self) -> frozenset[str]:
        return frozenset(pane.session_id for pane in self.panes())

    @cached_property
    def window_of_tab(self) -> Mapping[str, str]:
        return {tab.tab_id: window.window_id for window, tab in self.tabs()}

    @cached_property
    def tab_of_session(self) -> Mapping[str, str]:
        """That of every session that is in one: buried ones are not."""
        return {pane.session_id: tab.tab_id for _, tab in self.tabs() for pane in tab.root.panes()}


@dataclass(frozen=True, slots=True)
class Focus:
    """What is selected: the current window, each window's tab, each tab's session."""

    application_active: bool = False
    window_id: str | None = None
    tabs: Mapping[str, str] = field(default_factory=dict)
    sessions: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class SessionRecord:
    """What is remembered of one session."""

    #: Where each kind of prompt mark was found last: epoch and offset.
    marks: dict[MarkState, tuple[str, int]] = field(default_factory=dict)
    variables: dict[str, Json] = field(default_factory=dict)
    config: Config | None = None
    #: A browser has no terminal. True too once iTerm2 refused a coprocess for that reason.
    browser: bool = False
    #: Its program has ended though it may stay on screen.
    exited: bool = False
    history: History = field(default_factory=History)
    #: What the last look decided: why there is no coprocess of ours, None when there is one.
    reason: str | None = None
    #: A worker of it runs in supervisord.
    worker: bool = False
    #: What the worker last said of itself; None when it has not been heard.
    attached: bool | None = None
    #: Heartbeats in a row that its running worker did not answer.
    silent: int = 0


@dataclass(slots=True)
class Model:
    """All of it. Only the event loop's thread touches it."""

    status: Iterm2Status
    listing: Listing = field(default_factory=Listing)
    focus: Focus = field(default_factory=Focus)
    theme: str = ""
    sessions: dict[str, SessionRecord] = field(default_factory=dict)
    #: Attach histories of sessions that have not been seen yet in this run.
    remembered: dict[str, History] = field(default_factory=dict)
    #: `DetachAll` was carried out: no coprocess is started any more.
    detaching: bool = False

    def record(self, session_id: str) -> SessionRecord:
        """The record of a session, made at its first mention."""
        record = self.sessions.get(session_id)
        if record is None:
            record = SessionRecord(history=self.remembered.get(session_id, History()))
            self.sessions[session_id] = record
        return record

    def visible(self) -> frozenset[str]:
        """The sessions in front: of each window's selected tab, the active one."""
        selected = (self.focus.tabs.get(window.window_id, "") for window in self.listing.windows)
        return frozenset(self.focus.sessions[tab_id] for tab_id in selected if tab_id in self.focus.sessions)

    def histories(self) -> dict[str, History]:
        """Every attach history worth keeping."""
        return self.remembered | {session_id: record.history for session_id, record in self.sessions.items()}
