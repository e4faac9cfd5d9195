"""One client's view of one session: a repaint, then exactly the bytes that follow it, then live.

    IDLE ──refresh──> PAINTING ──snapshot──> CATCHING_UP ──position reached──> LIVE
      └──────────────────────── go_live ────────────────────────────────────────┘

A repaint is stamped with a position. The bytes between it and the stream's are fetched from the worker's ring, so
the client's screen misses none and shows none twice.
"""

import enum
import logging
from collections.abc import Callable
from typing import NamedTuple, Protocol

from bus.errors import RequestError
from bus.limits import REPLAY_BYTES
from bus.messages.commands import Replay, TakeSnapshot
from bus.messages.events import SessionSnapshot
from bus.messages.results import Replayed, Snapshot
from bus.position import Position
from workers.gateway import dialect1, wire
from workers.gateway.broker_link import BrokerLink
from workers.gateway.encoders import Encoding, Item
from workers.gateway.fair_queue import Owner
from workers.gateway.feed import Feed
from workers.gateway.stream import Stream
from workers.gateway.utf8 import cut_before
from workers.gateway.worker_link import WorkerLink

log = logging.getLogger("gateway.reader")

#: Repaints in a row for a stream that leaves each behind before it could be caught up with.
_ATTEMPTS = 3

#: What is sent where a repaint was promised and could not be had: an empty screen.
_CLEAR = b"\x1b[0m\x1b[H\x1b[2J"


class Output(Protocol):
    """Where a client's lines go."""

    def send(self, line: bytes) -> None:
        """A line that must arrive."""

    def send_output(self, lines: list[bytes], owner: Owner) -> bool:
        """Lines that a repaint can replace. False when they, and all such that waited, were dropped instead."""

    @property
    def has_room(self) -> bool:
        """Whether little enough waits that more is worth fetching."""


class Upstream(NamedTuple):
    """Whom a reader asks."""

    broker: BrokerLink
    workers: WorkerLink


class _State(enum.Enum):
    IDLE = enum.auto()
    PAINTING = enum.auto()
    CATCHING_UP = enum.auto()
    LIVE = enum.auto()


class Reader:
    """One client on one session; `stream` is None for a session without a worker."""

    def __init__(self, session_id: str, stream: Stream | None, output: Output, upstream: Upstream) -> None:
        self._session_id = session_id
        self._stream = stream
        self._channel = None if stream is None else stream.join(Encoding.DIALECT1)
        self._output = output
        self._upstream = upstream
        self._state = _State.IDLE
        self._feed: Feed | None = None
        self._attempts = 0
        self._closed = False
        #: A newer screen came while one was on its way.
        self._outdated = False
        #: The last screen was taken while bytes moved; a sure one is to follow.
        self._unsure = False

    @property
    def stream(self) -> Stream | None:
        return self._stream

    def close(self) -> None:
        """Idempotent."""
        self._stop()
        if self._stream is not None and self._channel is not None and not self._closed:
            self._stream.part(self._channel)
        self._closed = True

    def go_live(self) -> None:
        """Sends everything from the stream's present position on."""
        self._state = _State.LIVE
        self._feed = None
        self._attempts = 0
        if self._channel is not None:
            self._channel.follow(self)
        if self._outdated:
            self.refresh()

    def show(self, snapshot: SessionSnapshot, repaint: bytes) -> None:
        """Sends a repaint that the broker made unasked, of a session whose bytes nobody gets."""
        if self._state in (_State.PAINTING, _State.CATCHING_UP):
            self._outdated = True
        elif self._state is _State.LIVE and snapshot.epoch is not None:
            # The end of a stream, whose last bytes may not have been sent yet.
            self.refresh()
        elif self._state is _State.LIVE:
            self._send_lines(self._lines_of(repaint))

    def refresh(self, then: Callable[[RequestError | None], None] | None = None) -> None:
        """Sends a repaint, then what follows it.

        With `then`, only the repaint: `then` is called after it, with the error if there is one, and `resume` goes on.
        """
        self._stop()
        self._state = _State.PAINTING
        self._outdated = False
        # An answer to an earlier question, of a state that was left since, is told by this token.
        token = self._feed = Feed(Position("", 0))

        def painted(snapshot: Snapshot, data: bytes) -> None:
            if self._feed is not token:
                return
            self._paint(data)
            if snapshot.approximate:
                self._repaint_when_quiet()
            epoch = snapshot.epoch
            self._feed = None if epoch is None else Feed(Position(epoch, snapshot.offset))
            if then is None:
                self.resume()
            else:
                then(None)

        def refused(error: RequestError) -> None:
            if self._feed is not token:
                return
            self._feed = None
            if then is None:
                self._output.send(dialect1.error(error))
                self.resume()
            else:
                self._paint(_CLEAR)
                then(error)

        self._upstream.broker.ask(TakeSnapshot(session_id=self._session_id), Snapshot, painted, refused)

    def resume(self) -> None:
        """Goes on after a repaint: sends what came since, then live."""
        if self._feed is None:
            self.go_live()
        else:
            self._state = _State.CATCHING_UP
            self._catch_up()

    # --- Follower ---

    @property
    def key(self) -> str:
        """Whose lines these are, to the client's queue."""
        return self._session_id

    @property
    def has_room(self) -> bool:
        """Whether its client can take more."""
        return self._output.has_room

    def send_output(self, items: list[Item]) -> None:
        self._send_lines([item.line for item in items])

    def stream_broke(self) -> None:
        """A new epoch, or bytes that nobody has any more: only a repaint puts the client's screen right."""
        self.refresh()

    def take_back(self, before: object) -> None:
        """Its lines were dropped; `repaint_if_stopped` follows when the client has read the rest."""

    def repaint_if_stopped(self) -> None:
        """Begins anew after a backlog was dropped and the client has read the rest."""
        if self._state is _State.IDLE and not self._closed:
            self.refresh()

    def _repaint_when_quiet(self) -> None:
        """A session that never rested may show a few bytes twice, until it does."""
        if self._stream is not None and not self._unsure:
            self._unsure = True
            self._stream.when_quiet(self._repaint_surely)

    def _repaint_surely(self) -> None:
        self._unsure = False
        if self._state is _State.LIVE and not self._closed:
            self.refresh()

    def _stop(self) -> None:
        self._state = _State.IDLE
        self._feed = None
        if self._channel is not None:
            self._channel.leave(self)

    def _paint(self, data: bytes) -> None:
        """One line if it fits; the rest of a long repaint follows as output."""
        for line in self._lines_of(data):
            self._output.send(line)

    def _lines_of(self, repaint: bytes) -> list[bytes]:
        first = cut_before(repaint, wire.DATA_BYTES)
        lines = [dialect1.initial_terminal_data(self._session_id, repaint[:first])]
        while repaint := repaint[first:]:
            first = cut_before(repaint, wire.DATA_BYTES)
            lines.append(dialect1.terminal_data(self._session_id, repaint[:first]))
        return lines

    def _catch_up(self) -> None:
        stream, channel, feed = self._stream, self._channel, self._feed
        if self._state is not _State.CATCHING_UP or feed is None or self._closed:
            return
        goal = channel.position if channel is not None else None
        if stream is None or channel is None or goal is None:
            self.go_live()
        elif goal.epoch != feed.expected.epoch:
            self._paint_again()
        elif channel.holds(feed.expected):
            self._send_pieces(feed.flush())
            if self._state is _State.CATCHING_UP:
                self.go_live()
        elif goal.offset < feed.expected.offset:
            stream.when_moved(self._catch_up)
        else:
            self._fetch(feed, goal)

    def _fetch(self, feed: Feed, goal: Position) -> None:
        """Asks the worker for bytes up to `goal`; the stream's other readers have been sent them already."""

        def fetched(result: Replayed, data: bytes) -> None:
            if self._feed is not feed:
                return
            if Position(result.epoch, result.offset) != feed.expected:
                self._paint_again()
                return
            self._send_pieces(feed.take(data))
            self._catch_up()

        def failed(error: RequestError) -> None:
            if self._feed is feed:
                log.debug("%s: catching up: %s", self._session_id, error)
                self._paint_again()

        limit = min(goal.offset - feed.expected.offset, REPLAY_BYTES)
        command = Replay(epoch=feed.expected.epoch, offset=feed.expected.offset, limit=limit)
        self._upstream.workers.ask(self._session_id, command, Replayed, fetched, failed)

    def _paint_again(self) -> None:
        self._attempts += 1
        if self._attempts < _ATTEMPTS:
            self.refresh()
        else:
            log.warning("%s: goes on without having caught up", self._session_id)
            self.go_live()

    def _send_pieces(self, pieces: list[bytes]) -> None:
        if pieces:
            self._send_lines([dialect1.terminal_data(self._session_id, piece) for piece in pieces])

    def _send_lines(self, lines: list[bytes]) -> None:
        if not self._output.send_output(lines, self):
            self._stop()
