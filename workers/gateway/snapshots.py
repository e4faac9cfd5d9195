"""Gets one client of dialect 2 the snapshots of one session: those that it asks for, and those that it is owed.

A snapshot is asked for at the broker and handed to the subscription, which knows where it belongs among the bytes.
"""

import logging
from collections.abc import Callable
from typing import NamedTuple, Protocol

from bus.errors import RequestError
from bus.messages.commands import GetConfig, TakeSnapshot
from bus.messages.results import ConfigResult, Snapshot
from workers.gateway.broker_link import BrokerLink
from workers.gateway.stream import Stream
from workers.gateway.timers import Timers

log = logging.getLogger("gateway.snapshots")

#: How long a snapshot may take; the session's output waits for it in the ring.
_SNAPSHOT_SECONDS = 2.0

#: How soon a snapshot is asked for again of which the session's output has to wait.
_RETRY_SECONDS = 0.5

#: How soon a snapshot that could not be had is tried for again.
_OWED_SECONDS = 1.0

#: Told once for each request: nothing when the snapshot was sent, or why there is none.
OnSnapshot = Callable[[RequestError | None], None]


class Request(NamedTuple):
    """A client's request for a snapshot."""

    scrollback: int
    request_id: str | int | None
    on_done: OnSnapshot


class Screen(NamedTuple):
    """A snapshot, and what it answers."""

    snapshot: Snapshot
    repaint: bytes
    request: Request | None


class Viewer(Protocol):
    """Who takes the snapshots."""

    @property
    def is_live(self) -> bool:
        """Whether it has all bytes that there are."""

    @property
    def is_following(self) -> bool:
        """Whether it is live or on its way there, so that a snapshot can be given a place among the bytes."""

    def paint(self) -> None:
        """It is time for a snapshot: `ask` for one."""

    def take_screen(self, screen: Screen) -> None:
        """What `ask` has brought."""

    def go_without(self, error: RequestError) -> None:
        """Why `ask` has brought nothing."""


class Snapshots:
    """`stream` is None for a session without a worker."""

    def __init__(
        self, session_id: str, stream: Stream | None, broker: BrokerLink, timers: Timers, viewer: Viewer
    ) -> None:
        self._session_id = session_id
        self._stream = stream
        self._broker = broker
        self._timers = timers
        self._viewer = viewer
        self._requests: list[Request] = []
        #: A newer screen is there than that of the snapshot on its way.
        self._outdated = False
        #: A snapshot could not be had and is still to come.
        self._owed = False
        #: The last one was taken while bytes moved, and an exact one is still to come.
        self._unsure = False
        self._turn = 0

    def request(self, request: Request) -> None:
        """A later `ask` is for this; `on_done` is called once."""
        self._requests.append(request)

    def expect_newer(self) -> None:
        """The snapshot that is on its way will not be the last."""
        self._outdated = True

    @property
    def is_another_wanted(self) -> bool:
        return self._outdated or bool(self._requests)

    def ask(self) -> None:
        """Asks for a snapshot. The viewer gets it, or why there is none, unless it stops or asks anew before."""
        self._outdated = False
        turn = self._next_turn()
        request = self._requests[0] if self._requests else None

        def painted(snapshot: Snapshot, data: bytes) -> None:
            if turn == self._turn:
                self._viewer.take_screen(Screen(snapshot, data, request))

        def refused(error: RequestError) -> None:
            if turn == self._turn:
                log.debug("%s: no snapshot: %s", self._session_id, error)
                self._viewer.go_without(error)

        scrollback = 0 if request is None else request.scrollback
        command = TakeSnapshot(session_id=self._session_id, scrollback=scrollback)
        self._broker.ask(command, Snapshot, painted, refused, seconds=_SNAPSHOT_SECONDS)

    def ask_soon(self) -> None:
        """Has the viewer ask again in a moment, unless it stops or asks before."""
        turn = self._next_turn()
        self._timers.after(_RETRY_SECONDS, lambda: self._viewer.paint() if turn == self._turn else None)

    def stop(self) -> None:
        """The answer to what was asked for is of no use any more."""
        self._next_turn()

    def sent(self, screen: Screen) -> None:
        """The client was sent this one: whoever asked for it is told, and if it is only approximate another follows."""
        self._owed = False
        if screen.request in self._requests:
            assert screen.request is not None
            self._requests.remove(screen.request)
            screen.request.on_done(None)
        if screen.snapshot.approximate:
            self._paint_when_quiet()

    def refuse(self, error: RequestError) -> None:
        """Tells all who asked that there is none."""
        requests, self._requests = self._requests, []
        for request in requests:
            request.on_done(error)

    def owe(self) -> None:
        """The client goes on without a snapshot that it has to get: it gets it when it can be had."""
        self._owed = True
        self._timers.after(_OWED_SECONDS, self._try_again)

    def _try_again(self) -> None:
        """Asks for an owed snapshot, once the broker answers at all: the session's output would wait for it."""
        if not self._owed or not self._viewer.is_following:
            return

        def there(_result: ConfigResult, _payload: bytes) -> None:
            if self._owed and self._viewer.is_following:
                self._viewer.paint()

        self._broker.ask(
            GetConfig(session_id=self._session_id), ConfigResult, there, lambda _error: self.owe(), seconds=1.0
        )

    def _paint_when_quiet(self) -> None:
        """A screen that was read while bytes moved may show a few twice, until the session rests."""
        if self._stream is not None and not self._unsure:
            self._unsure = True
            self._stream.when_quiet(self._paint_surely)

    def _paint_surely(self) -> None:
        self._unsure = False
        if self._viewer.is_live:
            self._viewer.paint()
        elif self._viewer.is_following:
            self._paint_when_quiet()

    def _next_turn(self) -> int:
        """Answers to what was asked before are of a state that was left since."""
        self._turn += 1
        return self._turn
