"""One session's bytes at the gateway: in order, without a hole, shared by every client that follows them live.

Frames follow each other, but after a worker's end or a ring that has run around; what is missing then is asked for from
the worker. What stands between the bytes, such as a change of size, keeps its place. One encoding of a run of bytes
serves all clients that get it so.
"""

import logging
from collections.abc import Callable
from itertools import pairwise
from typing import Protocol

from bus.codec import Frame
from bus.errors import RequestError
from bus.limits import REPLAY_BYTES
from bus.messages.commands import GetPosition, Replay
from bus.messages.events import PromptMark, SizeChanged
from bus.messages.results import Position as PositionResult
from bus.messages.results import Replayed
from bus.position import Fresh, Missing, NewEpoch, Position, compare
from workers.gateway.channel import Channel
from workers.gateway.encoders import Encoding
from workers.gateway.marks import Mark, Marks
from workers.gateway.tally import Tally
from workers.gateway.timers import Timer, Timers
from workers.gateway.worker_link import WorkerLink

log = logging.getLogger("gateway.stream")

#: With no byte for this long a session is quiet.
_SETTLE_SECONDS = 0.25

#: How soon it is looked again whether the followers can take more of what is missing.
_ROOM_SECONDS = 0.02

#: How long one look into a worker's ring may take before it is tried again.
_REPLAY_SECONDS = 1.0
_RETRY_SECONDS = 0.2


class MarkListener(Protocol):
    """Who is told of marks."""

    def take_mark(self, mark: Mark) -> None:
        """A mark that came; its offset may be ahead of the stream or behind it."""


class Stream:
    """The stream of one session, from the moment that `start` is called."""

    def __init__(self, session_id: str, workers: WorkerLink, timers: Timers, tally: Tally | None = None) -> None:
        """`tally` counts for all streams together."""
        self.session_id = session_id
        self._tally = tally or Tally()
        self._workers = workers
        self._timers = timers
        #: The position of the next byte; None before the worker has said where it stands.
        self.expected: Position | None = None
        #: Where the epoch before this one ended, as far as its bytes came here.
        self.ended: Position | None = None
        self.marks = Marks()
        self._ahead: list[Mark] = []
        self._channels: dict[Encoding, Channel] = {}
        self._listeners: set[MarkListener] = set()
        self._replaying = False
        self._moved = False
        self._settling: Timer | None = None
        self._waiters: list[Callable[[], None]] = []
        self._quiet_waiters: list[Callable[[], None]] = []

    def start(self, *, from_beginning: bool) -> None:
        """Begins where the worker stands; with `from_beginning` at its epoch's first byte, if it still has that."""

        def begin(result: PositionResult, _payload: bytes) -> None:
            if self.expected is None:
                offset = 0 if from_beginning and result.tail == 0 else result.head
                self._go_to(Position(result.epoch, offset))
                self._wake()
                self._replay()

        def again(_error: RequestError) -> None:
            if self._workers.wants(self.session_id) and self.expected is None:
                self._timers.after(_RETRY_SECONDS, lambda: self.start(from_beginning=from_beginning))

        self._workers.ask(self.session_id, GetPosition(), PositionResult, begin, again, seconds=_REPLAY_SECONDS)

    def begin_epoch(self, epoch: str) -> None:
        """Goes over to `epoch`, from its first byte: a coprocess was attached anew.

        Followers are told now and not at the first frame, so that a program's first output reaches them as output. The
        same epoch again means another reader of the same ring: what was printed between the two is looked for there.
        """
        if self.expected is None:
            return
        if self.expected.epoch != epoch:
            self._break(Position(epoch, 0))
        self._replay()

    def join(self, encoding: Encoding) -> Channel:
        """The channel of an encoding, until `part`."""
        channel = self._channels.get(encoding)
        if channel is None:
            channel = self._channels[encoding] = Channel(self.session_id, encoding, self._timers)
            if self.expected is not None:
                channel.begin(self.expected)
        channel.users += 1
        return channel

    def part(self, channel: Channel) -> None:
        channel.users -= 1
        if not channel.users:
            del self._channels[channel.encoding]

    @property
    def viewers(self) -> int:
        """Clients that get this session's bytes."""
        return sum(channel.users for channel in self._channels.values())

    def listen(self, listener: MarkListener) -> None:
        """Tells `listener` of the marks that come; those before are in `marks`."""
        self._listeners.add(listener)

    def unlisten(self, listener: MarkListener) -> None:
        self._listeners.discard(listener)

    @property
    def has_room(self) -> bool:
        """Whether more of the ring is worth reading: somebody can take it or waits for it, or nobody follows.

        So the slowest wait for nobody, and where all are slow the ring is what holds the bytes.
        """
        rooms = [room for channel in self._channels.values() if (room := channel.has_room) is not None]
        return not rooms or any(rooms) or bool(self._waiters)

    def when_moved(self, action: Callable[[], None]) -> None:
        """Calls `action` once, after `expected` has changed."""
        self._waiters.append(action)

    def when_quiet(self, action: Callable[[], None]) -> None:
        """Calls `action` once, when no byte has come for a moment."""
        self._quiet_waiters.append(action)
        self._settle()

    def take(self, messages: list[Frame | SizeChanged | PromptMark]) -> None:
        """Takes frames and marks of this session, in the order in which they came."""
        fresh: list[bytes] = []
        for message in messages:
            if not isinstance(message, Frame):
                self.take_mark(message)
            elif self.expected is not None and not self._replaying:
                self._take_frame(message, fresh)
        self._deliver(b"".join(fresh))

    def take_mark(self, event: SizeChanged | PromptMark) -> None:
        """Takes a mark, which may come by two ways."""
        mark = self.marks.add(event)
        if mark is None:
            return
        if self.expected is not None:
            self._ahead = self.marks.since(self.expected)
        for listener in list(self._listeners):
            listener.take_mark(mark)

    def _take_frame(self, frame: Frame, fresh: list[bytes]) -> None:
        assert self.expected is not None
        self._tally.frames += 1
        self._tally.frame_bytes += len(frame.payload)
        expected = Position(self.expected.epoch, self.expected.offset + sum(map(len, fresh)))
        match compare(expected, frame.header.epoch, frame.header.offset, len(frame.payload)):
            case Fresh(skip):
                fresh.append(frame.payload[skip:] if skip else frame.payload)
            case Missing():
                self._tally.gaps += 1
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
        expected = self.expected
        if self._replaying or expected is None:
            return
        self._replaying = True
        command = Replay(epoch=expected.epoch, offset=expected.offset, limit=REPLAY_BYTES)
        self._workers.ask(
            self.session_id, command, Replayed, self._replayed, self._replay_failed, seconds=_REPLAY_SECONDS
        )

    def _replayed(self, result: Replayed, data: bytes) -> None:
        self._replaying = False
        here, there = self.expected, Position(result.epoch, result.offset)
        if here is not None and here != there and here.epoch == there.epoch:
            # The ring has run around; of what is left, the oldest would be gone again before it is read.
            self._break(Position(result.epoch, result.head))
            return
        if here != there:
            self._break(there)
        self._deliver(data)
        if result.offset + len(data) < result.head:
            self._replay_on()

    def _replay_on(self) -> None:
        if self.has_room:
            self._replay()
        else:
            self._timers.after(_ROOM_SECONDS, self._replay_on)

    def _replay_failed(self, error: RequestError) -> None:
        self._replaying = False
        if self._workers.wants(self.session_id):
            log.debug("%s: replay: %s", self.session_id, error)
            self._timers.after(_RETRY_SECONDS, self._replay)

    def _settle(self) -> None:
        if self._settling is None:
            self._moved = False
            self._settling = self._timers.after(_SETTLE_SECONDS, self._settled)

    def _settled(self) -> None:
        self._settling = None
        if self._moved:
            self._settle()
            return
        waiters, self._quiet_waiters = self._quiet_waiters, []
        for action in waiters:
            action()

    # --- to the followers ---

    def _go_to(self, position: Position) -> None:
        self.expected = position
        self._ahead = self.marks.since(position)
        for channel in self._channels.values():
            channel.begin(position)

    def _break(self, position: Position) -> None:
        """Goes on at `position`, which does not continue what was sent."""
        self._tally.resyncs += 1
        if self.expected is not None and self.expected.epoch != position.epoch:
            self.ended = self.expected
        self._go_to(position)
        for channel in list(self._channels.values()):
            channel.tell_broken()
        self._wake()

    def _deliver(self, data: bytes) -> None:
        """Sends bytes, cut where marks belong between them."""
        if not data or self.expected is None:
            return
        self._moved = True
        epoch, begin = self.expected
        end = begin + len(data)
        cuts = [begin, *sorted({mark.offset for mark in self._ahead if begin < mark.offset < end}), end]
        for start, stop in pairwise(cuts):
            self.expected = Position(epoch, stop)
            run = data if stop - start == len(data) else data[start - begin : stop - begin]
            for channel in list(self._channels.values()):
                channel.take(run)
        self._ahead = [mark for mark in self._ahead if mark.offset > end]
        self._wake()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for action in waiters:
            action()
