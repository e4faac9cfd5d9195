"""One session's bytes at the gateway: in order, without a hole, shared by every client that follows them live.

Frames come by publishing, which may drop; what is missing is asked for from the worker's ring. One encoding of a
frame serves all clients.
"""

import logging
from collections.abc import Callable
from typing import Protocol

from bus.codec import Frame
from bus.errors import RequestError
from bus.limits import REPLAY_BYTES
from bus.messages import GetPosition, Replay, Replayed
from bus.messages import Position as PositionResult
from bus.position import Fresh, Missing, NewEpoch, Position, compare
from workers.gateway import dialect1
from workers.gateway.feed import Feed
from workers.gateway.timers import Timer, Timers
from workers.gateway.worker_link import WorkerLink

log = logging.getLogger("gateway.stream")

#: How long an incomplete character waits for its rest (the gateway's contract).
_CHARACTER_SECONDS = 0.05

#: After this much quiet the worker is asked whether that was all: a dropped last frame shows in no later one.
_SETTLE_SECONDS = 0.25

#: How long one look into a worker's ring may take before it is tried again.
_REPLAY_SECONDS = 1.0
_RETRY_SECONDS = 0.2


class Follower(Protocol):
    """Who follows a stream live."""

    def send_output(self, lines: list[bytes]) -> None:
        """Encoded output, in order."""

    def stream_broke(self) -> None:
        """Bytes are gone for good: what follows does not continue what was sent."""


class Stream:
    """The stream of one session, from the moment that `start` is called."""

    def __init__(self, session_id: str, workers: WorkerLink, timers: Timers) -> None:
        self.session_id = session_id
        self._workers = workers
        self._timers = timers
        self._feed: Feed | None = None
        self._replaying = False
        self._moved = False
        self._settling: Timer | None = None
        self._followers: set[Follower] = set()
        self._waiters: list[Callable[[], None]] = []
        self._quiet_waiters: list[Callable[[], None]] = []

    def start(self, *, from_beginning: bool) -> None:
        """Begins where the worker stands; with `from_beginning` at its epoch's first byte, if it still has that."""

        def begin(result: PositionResult, _payload: bytes) -> None:
            if self._feed is None:
                offset = 0 if from_beginning and result.tail == 0 else result.head
                self._feed = Feed(Position(result.epoch, offset))
                self._replay()

        def again(_error: RequestError) -> None:
            if self.session_id in self._workers.connected and self._feed is None:
                self._timers.after(_RETRY_SECONDS, lambda: self.start(from_beginning=from_beginning))

        self._workers.ask(self.session_id, GetPosition(), PositionResult, begin, again, seconds=_REPLAY_SECONDS)

    def begin_epoch(self, epoch: str) -> None:
        """Goes over to `epoch`, from its first byte: a coprocess was attached anew.

        Followers are told now and not at the first frame, so that a program's first output reaches them as output.
        """
        if self._feed is not None and self._feed.position.epoch != epoch:
            self._break(Position(epoch, 0))
            self._replay()

    @property
    def position(self) -> Position | None:
        """Up to where followers have been sent everything; None before the worker has said where it stands."""
        return None if self._feed is None else self._feed.position

    def holds(self, position: Position) -> bool:
        """Whether nothing before `position` is still to be sent but what is held back for its end.

        A screen as of there does not show that yet, so a client with that screen continues with `follow`.
        """
        feed = self._feed
        return feed is not None and feed.position <= position <= feed.expected and position.epoch == feed.position.epoch

    def follow(self, follower: Follower) -> None:
        """Sends `follower` everything from `position` on."""
        self._followers.add(follower)

    def leave(self, follower: Follower) -> None:
        self._followers.discard(follower)

    def when_moved(self, action: Callable[[], None]) -> None:
        """Calls `action` once, after `position` has changed."""
        self._waiters.append(action)

    def when_quiet(self, action: Callable[[], None]) -> None:
        """Calls `action` once, when no byte has come for a moment."""
        self._quiet_waiters.append(action)
        self._settle()

    def take(self, frames: list[Frame]) -> None:
        """Takes frames of this session, in the order in which they came."""
        fresh: list[bytes] = []
        for frame in frames:
            if self._feed is None or self._replaying:
                self._moved = True
                break
            self._take_frame(frame, fresh)
        self._deliver(b"".join(fresh))

    def _take_frame(self, frame: Frame, fresh: list[bytes]) -> None:
        feed = self._feed
        assert feed is not None
        expected = Position(feed.expected.epoch, feed.expected.offset + sum(map(len, fresh)))
        match compare(expected, frame.header.epoch, frame.header.offset, len(frame.payload)):
            case Fresh(skip):
                fresh.append(frame.payload[skip:] if skip else frame.payload)
            case Missing():
                self._deliver(b"".join(fresh))
                fresh.clear()
                self._replay()
            case NewEpoch():
                self._deliver(b"".join(fresh))
                fresh.clear()
                self.begin_epoch(frame.header.epoch)

    # --- looking into the worker's ring ---

    def _replay(self) -> None:
        """Asks the worker for what follows our position, until there is nothing more."""
        feed = self._feed
        if self._replaying or feed is None:
            return
        self._replaying = True
        command = Replay(epoch=feed.expected.epoch, offset=feed.expected.offset, limit=REPLAY_BYTES)
        self._workers.ask(
            self.session_id, command, Replayed, self._replayed, self._replay_failed, seconds=_REPLAY_SECONDS
        )

    def _replayed(self, result: Replayed, data: bytes) -> None:
        self._replaying = False
        feed = self._feed
        if feed is None:
            return
        if Position(result.epoch, result.offset) != feed.expected:
            self._break(Position(result.epoch, result.offset))
        self._deliver(data)
        if result.offset + len(data) < result.head:
            self._replay()
        elif self._moved:
            self._settle()

    def _replay_failed(self, error: RequestError) -> None:
        self._replaying = False
        if self.session_id in self._workers.connected:
            log.debug("%s: replay: %s", self.session_id, error)
            self._timers.after(_RETRY_SECONDS, self._replay)

    def _settle(self) -> None:
        if self._settling is None:
            self._settling = self._timers.after(_SETTLE_SECONDS, self._settled)

    def _settled(self) -> None:
        self._settling = None
        if self._moved:
            self._moved = False
            self._settle()
        else:
            self._replay()
            waiters, self._quiet_waiters = self._quiet_waiters, []
            for action in waiters:
                action()

    # --- to the followers ---

    def _break(self, position: Position) -> None:
        """Goes on at `position`, which does not continue what was sent."""
        self._feed = Feed(position)
        for follower in list(self._followers):
            follower.stream_broke()
        self._wake()

    def _deliver(self, data: bytes) -> None:
        feed = self._feed
        if not data or feed is None:
            return
        self._moved = True
        self._settle()
        self._send(feed.take(data))
        if feed.holds_character:
            held = feed.expected
            self._timers.after(_CHARACTER_SECONDS, lambda: self._give_up_character(held))

    def _give_up_character(self, held: Position) -> None:
        """Sends the beginning of a character whose rest has not come."""
        feed = self._feed
        if feed is not None and feed.expected == held and feed.holds_character:
            self._send(feed.flush())

    def _send(self, pieces: list[bytes]) -> None:
        if self._followers and pieces:
            lines = [dialect1.terminal_data(self.session_id, piece) for piece in pieces]
            for follower in list(self._followers):
                follower.send_output(lines)
        self._wake()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for action in waiters:
            action()
