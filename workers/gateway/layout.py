"""What the gateway needs to look up in the broker's layout. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from bus.messages.layout import Layout, Session, Split, Tab, Window


class Place(NamedTuple):
    """A session and the tab that shows it."""

    session: Session
    tab_id: str


class LayoutIndex:
    """One layout, indexed. Sessions are in the order of windows, tabs and panes."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._tabs = {tab.tab_id: tab for window in layout.windows for tab in window.tabs}
        self.places = {
            session.session_id: Place(session, tab.tab_id)
            for window in layout.windows
            for tab in window.tabs
            for session in _sessions(tab.root)
        }

        #: Every live session, the buried ones too.
        self.sessions = {name: place.session for name, place in self.places.items()}
        self.sessions.update((session.session_id, session) for session in layout.buried)
        self._windows = {window.window_id for window in layout.windows}

    def has_tab(self, tab_id: str) -> bool:
        return tab_id in self._tabs

    def has_window(self, window_id: str) -> bool:
        return window_id in self._windows

    @property
    def connected(self) -> bool:
        return self.layout.iterm2.state == "connected"

    @property
    def active_tab(self) -> Tab | None:
        """The selected tab of the current window."""
        window = self._active_window()
        if window is None or window.selected_tab_id is None:
            return None
        return self._tabs.get(window.selected_tab_id)

    @property
    def active_session_id(self) -> str | None:
        """The active session of the active tab: where the user types."""
        tab = self.active_tab
        return None if tab is None else self.active_session_of(tab.tab_id)

    def active_session_of(self, tab_id: str) -> str | None:
        """A tab's active session, else its first one; None for a tab that is not there."""
        tab = self._tabs.get(tab_id)
        if tab is None:
            return None
        if tab.active_session_id in self.places:
            return tab.active_session_id
        return next((session.session_id for session in _sessions(tab.root)), None)

    def find_tab(self, name: str) -> str | None:
        """The id of the tab that `name` means: a tab's id, or a session's in it."""
        if name in self._tabs:
            return name
        place = self.places.get(name)
        return None if place is None else place.tab_id

    def worker_sessions(self) -> set[str]:
        """The sessions whose workers' endpoints are worth connecting to."""
        buried = {session.session_id for session in self.layout.buried if session.worker}
        return buried | {name for name, place in self.places.items() if place.session.worker}

    def _active_window(self) -> Window | None:
        for window in self.layout.windows:
            if window.window_id == self.layout.active_window_id:
                return window
        return None


def _sessions(node: Split | Session) -> Iterator[Session]:
    if isinstance(node, Session):
        yield node
        return
    for child in node.children:
        yield from _sessions(child)
