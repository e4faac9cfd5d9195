"""Which sessions' bytes one client of dialect 2 gets, kept to the layout."""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from bus.position import Position
from workers.gateway.delivery import Output
from workers.gateway.layout import LayoutIndex
from workers.gateway.services import Services
from workers.gateway.subscription import Subscription, Wanted


class Subscriptions:
    """A client's subscriptions by session id."""

    def __init__(self, output: Output, services: Services, wanted: Wanted, on_begun: Callable[[str], None]) -> None:
        """`on_begun` is told each session with which it begins, not those whose worker came or went."""
        self._on_begun = on_begun
        self._output = output
        self._services = services
        self._wanted = wanted
        self._all = False
        self._named: set[str] = set()
        self._unwanted: set[str] = set()
        #: Where the client stands in sessions that have no stream now, or that are still to come.
        self._places: dict[str, Position] = {}
        self._running: dict[str, Subscription] = {}
        #: The last one of each session that has none now: lines of it may still wait.
        self._ended: dict[str, Subscription] = {}

    def get(self, session_id: str) -> Subscription | None:
        return self._running.get(session_id)

    def add(self, sessions: Literal["all"] | Iterable[str], resume: Mapping[str, Position]) -> None:
        """Begins with these, anew where there is a subscription already."""
        if sessions == "all":
            self._all = True
            self._unwanted.clear()
            again = set(self._running)
        else:
            again = set(sessions)
            self._named |= again
            self._unwanted -= again
        for session_id in again & self._running.keys():
            self._end(session_id)
            self._places.pop(session_id, None)
        self._places |= resume
        self.keep(self._services.table.index)

    def remove(self, sessions: Literal["all"] | Iterable[str]) -> None:
        """Ends these."""
        if sessions == "all":
            self._all = False
            self._named.clear()
            gone = set(self._running)
        else:
            gone = set(sessions)
            self._named -= gone
            self._unwanted |= gone
        for session_id in gone:
            self._places.pop(session_id, None)
            if session_id in self._running:
                self._end(session_id)

    def keep(self, index: LayoutIndex | None) -> None:
        """One subscription for each wanted session of the layout. Without iTerm2 they wait for it."""
        if index is None or not index.connected:
            return
        for session_id in self._running.keys() - index.sessions.keys():
            self._end(session_id)
        for session_id in index.sessions:
            if (self._all or session_id in self._named) and session_id not in self._unwanted:
                self._keep_one(session_id)

    def _end(self, session_id: str) -> None:
        self._ended[session_id] = self._running.pop(session_id)
        self._ended[session_id].close()

    def forget(self, session_id: str) -> None:
        """A session is gone."""
        self._ended.pop(session_id, None)
        self._named.discard(session_id)
        self._unwanted.discard(session_id)
        self._places.pop(session_id, None)

    def missing(self, index: LayoutIndex) -> set[str]:
        """Sessions that were asked for by name, or to be resumed, and are not there."""
        return (self._named | self._places.keys()) - index.sessions.keys()

    def caught_up(self) -> None:
        """The client has read what was left after lines had been dropped."""
        for subscription in list(self._running.values()):
            subscription.caught_up()

    def close(self) -> None:
        for subscription in self._running.values():
            subscription.close()
        self._running.clear()

    def _keep_one(self, session_id: str) -> None:
        stream = self._services.table.streams.get(session_id)
        old = self._running.get(session_id)
        if old is not None and old.stream is stream:
            return
        if old is not None:
            if old.place is not None:
                self._places[session_id] = old.place
            self._end(session_id)
        services = self._services
        new = Subscription(session_id, stream, self._output, services.upstream, services.timers, self._wanted)
        self._running[session_id] = new
        ended = self._ended.pop(session_id, None)
        if ended is not None:
            new.take_over(ended)
        if old is None:
            self._on_begun(session_id)
        new.begin(self._places.pop(session_id, None) if stream is not None else None)
