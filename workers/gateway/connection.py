"""One client's connection: lines in, lines out, each way bounded.

What waits for a client that reads slowly is bounded in bytes and, in dialect 2, in time. Past the bound the output that
waits is dropped, all of it, and the client gets fresh screens once it has read the rest; lines that nothing can replace
stay.
"""

import contextlib
import math
import socket
import time
from collections.abc import Callable
from typing import NamedTuple

from bus import stream_socket
from workers.gateway.backlog import (
    FAST_BUFFER_BYTES,
    FAST_BYTES,
    FAST_SECONDS,
    ROOM,
    SLOW_BUFFER_BYTES,
    TYPED_PATIENCE_SECONDS,
    TYPED_SECONDS,
    Policy,
    never_late,
)
from workers.gateway.fair_queue import FairQueue, Line, Owner
from workers.gateway.lines import LineSplitter, TooLongLine

#: Buffers given to the kernel in one call; the limit, IOV_MAX, is 1024 on Linux and macOS.
_SEND_BUFFERS = 64

#: What a line that waits costs beside its bytes, which clients share: some 300 bytes of Python objects of its own.
LINE_COST_BYTES = 512

#: What waits for a client that has read nearly all.
_LITTLE_BYTES = 16 * 1024


class ConnectionStatistics(NamedTuple):
    """What waits for the client in bytes, the most that ever did, how often a backlog was dropped, what was sent."""

    queued_bytes: int
    peak_bytes: int
    dropped_backlogs: int
    sent_bytes: int


class _Nobody:
    key = ""

    def take_back(self, before: object) -> None:
        """Nothing to do: `on_caught_up` tells all that there is."""


_NOBODY = _Nobody()


class Connection:
    """A connected client's socket, which is made non-blocking and owned from here on."""

    def __init__(
        self, connected: socket.socket, number: int, queue_bytes: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`queue_bytes` bounds what waits. `number` names the client in the log."""
        self.number = number
        self.closed = False
        #: Called when all that waited was sent after a backlog had been dropped.
        self.on_caught_up: Callable[[], None] = lambda: None
        #: Bytes that wait and must arrive.
        self.answer_bytes = 0
        self._socket = connected
        self._socket.setblocking(False)
        self._clock = clock
        self._splitter = LineSplitter()
        self._queue = FairQueue()
        self._limit = queue_bytes
        self._policy = Policy(queue_bytes, never_late)
        self._peak = 0
        self._dropped = 0
        self._taken = 0
        self._measured_from = (0.0, 0)
        self._typed_at = -math.inf
        self._behind = False
        self._slow = False
        self._when_read: list[Callable[[], None]] = []

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def _weight(self) -> int:
        """What waits costs so many bytes of memory, were none of it shared."""
        return self._queue.bytes + len(self._queue) * LINE_COST_BYTES

    @property
    def wants_to_write(self) -> bool:
        return bool(self._queue)

    @property
    def behind(self) -> bool:
        """Whether a backlog was dropped and the client has not read the rest yet."""
        return self._behind

    @property
    def has_room(self) -> bool:
        """Whether so little waits that more is worth fetching."""
        return self._weight < self._policy.limit * ROOM

    def use(self, policy: Policy) -> None:
        """Bounds what waits from now on by `policy`; lines that must arrive still by `queue_bytes`."""
        self._policy = policy
        self._set_buffer(SLOW_BUFFER_BYTES)

    def when_read(self, action: Callable[[], None]) -> None:
        """Calls `action` once, from `flush`, when little waits for the client."""
        self._when_read.append(action)

    def receive(self) -> list[bytes | TooLongLine]:
        """The lines that have come. Closes itself when the client has."""
        data = stream_socket.receive(self._socket)
        if data is None:
            return []
        if not data:
            self.close()
        return self._splitter.feed(data)

    def send(self, line: bytes, *, overtakes: bool = False) -> None:
        """Queues a line that must arrive, after all that waits; with `overtakes`, before what is held of floods.

        A client for which even those pile up past the bound is closed.
        """
        self._append(line, None, None, overtakes=overtakes)
        if self._weight > self._limit:
            self._drop_backlog()
        if self._weight > self._limit:
            self.close()

    def send_output(self, lines: list[bytes], owner: Owner = _NOBODY, before: object = None) -> bool:
        """Queues lines that something newer can replace.

        Returns False when they, and all such that waited, were dropped: then no more may come before `on_caught_up`.
        Each owner of dropped lines is told, the first time with what stood `before` its first one.
        """
        if self._behind:
            owner.take_back(before)
            return False
        for line in lines:
            self._append(line, owner, before, overtakes=True)
        if self._weight <= self._policy.limit:
            return True
        self._drop_backlog()
        return False

    def flush(self) -> None:
        """Sends what the kernel takes now, and drops what is late. Closes itself when the client has."""
        self._send_waiting()
        if self._when_read and self._queue.bytes <= _LITTLE_BYTES:
            actions, self._when_read = self._when_read, []
            for action in actions:
                action()

    def _send_waiting(self) -> None:
        while self._queue and not self.closed:
            try:
                sent = self._socket.sendmsg(self._queue.next(_SEND_BUFFERS))
            except BlockingIOError:
                self._drop_late()
                return
            except OSError:
                self.close()
                return
            self._forget(sent)
        if self._behind and not self._queue:
            self._behind = False
            self.on_caught_up()

    def close(self) -> None:
        """Idempotent. What waits is dropped."""
        self.closed = True
        self._queue.clear()
        self._when_read.clear()
        self.answer_bytes = 0

    def release(self) -> None:
        """Gives the descriptor back; only its poller does that, after it has stopped watching it."""
        self._socket.close()

    def statistics(self) -> ConnectionStatistics:
        return ConnectionStatistics(self._queue.bytes, self._peak, self._dropped, self._taken)

    def _append(self, line: bytes, owner: Owner | None, before: object, *, overtakes: bool) -> None:
        if self.closed:
            return
        queued = Line(line, owner, before, self._clock(), self._taken)
        if overtakes:
            self._queue.put(queued)
        else:
            self._queue.put_last(queued)
        self._peak = max(self._peak, self._queue.bytes)
        if owner is None:
            self.answer_bytes += len(line)

    def hurry(self) -> None:
        """The client types, so it wants to see what comes of it, and not first what is long past."""
        self._typed_at = self._clock()
        oldest = self._oldest()
        if oldest is not None and self._typed_at - oldest.queued_at > TYPED_PATIENCE_SECONDS:
            self._drop_backlog()

    def _drop_late(self) -> None:
        oldest = self._oldest()
        if oldest is None:
            return
        now = self._clock()
        typed = now - self._typed_at <= TYPED_SECONDS
        if self._policy.is_late(now - oldest.queued_at, self._taken - oldest.taken_before, typed):
            self._drop_backlog()

    def _oldest(self) -> Line | None:
        """The oldest line that can be replaced."""
        return None if self._behind else self._queue.oldest()

    def _drop_backlog(self) -> None:
        dropped = self._queue.drop()
        if not dropped:
            return
        self._behind = True
        self._dropped += 1
        self._set_buffer(SLOW_BUFFER_BYTES)
        for line in dropped:
            assert line.owner is not None
            line.owner.take_back(line.before)

    def _forget(self, sent: int) -> None:
        self._taken += sent
        if self._slow:
            self._measure()
        self.answer_bytes -= self._queue.forget(sent)

    def _measure(self) -> None:
        """Gives a client that takes much at once the larger buffer."""
        now = self._clock()
        since, taken = self._measured_from
        if now - since > FAST_SECONDS:
            self._measured_from = (now, self._taken)
        elif self._taken - taken > FAST_BYTES:
            self._set_buffer(FAST_BUFFER_BYTES)

    def _set_buffer(self, size: int) -> None:
        """Bounds what the kernel holds for a client of dialect 2; dialect 1's is left as it is."""
        if self._policy.is_late is never_late:
            return
        self._slow = size == SLOW_BUFFER_BYTES
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
