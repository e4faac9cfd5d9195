"""One client's connection: lines in, lines out, each way bounded.

What waits for a client that reads slowly is bounded in bytes. Past the bound the output that waits is dropped, all
of it, and the client gets fresh screens once it has read the rest; lines that a repaint cannot replace stay.
"""

import socket
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from workers.gateway.lines import LineSplitter, TooLongLine

#: Bytes received in one turn.
_RECEIVE_BYTES = 256 * 1024

#: Buffers given to the kernel in one call; the limit, IOV_MAX, is 1024 on Linux and macOS.
_SEND_BUFFERS = 64


class ConnectionStatistics(NamedTuple):
    """What waits for the client in bytes, the most that ever did, and how often a backlog was dropped."""

    queued_bytes: int
    peak_bytes: int
    dropped_backlogs: int


class _Line(NamedTuple):
    data: memoryview
    replaceable: bool


class Connection:
    """A connected client's socket, which is made non-blocking and owned from here on."""

    def __init__(self, connected: socket.socket, number: int, queue_bytes: int) -> None:
        """`queue_bytes` bounds what waits. `number` names the client in the log."""
        self.number = number
        self.closed = False
        #: Called when all that waited was sent after a backlog had been dropped.
        self.on_caught_up: Callable[[], None] = lambda: None
        self._socket = connected
        self._socket.setblocking(False)
        self._splitter = LineSplitter()
        self._queue: deque[_Line] = deque()
        self._limit = queue_bytes
        self._queued = 0
        self._peak = 0
        self._dropped = 0
        self._behind = False

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def wants_to_write(self) -> bool:
        return bool(self._queue)

    def receive(self) -> list[bytes | TooLongLine]:
        """The lines that have come. Closes itself when the client has."""
        try:
            data = self._socket.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            self.close()
        return self._splitter.feed(data)

    def send(self, line: bytes) -> None:
        """Queues a line that must arrive. A client for which even those pile up past the bound is closed."""
        self._append(line, replaceable=False)
        if self._queued > self._limit:
            self._drop_backlog()
        if self._queued > self._limit:
            self.close()

    def send_output(self, lines: list[bytes]) -> bool:
        """Queues lines that a repaint can replace.

        Returns False when they, and all such that waited, were dropped: then no more may come before `on_caught_up`.
        """
        if self._behind:
            return False
        for line in lines:
            self._append(line, replaceable=True)
        if self._queued <= self._limit:
            return True
        self._drop_backlog()
        return False

    def flush(self) -> None:
        """Sends what the kernel takes now. Closes itself when the client has."""
        while self._queue and not self.closed:
            lines = [self._queue[i].data for i in range(min(len(self._queue), _SEND_BUFFERS))]
            try:
                sent = self._socket.sendmsg(lines)
            except BlockingIOError:
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
        self._queued = 0

    def release(self) -> None:
        """Gives the descriptor back; only its poller does that, after it has stopped watching it."""
        self._socket.close()

    def statistics(self) -> ConnectionStatistics:
        return ConnectionStatistics(self._queued, self._peak, self._dropped)

    def _append(self, line: bytes, *, replaceable: bool) -> None:
        if self.closed:
            return
        self._queue.append(_Line(memoryview(line), replaceable))
        self._queued += len(line)
        self._peak = max(self._peak, self._queued)

    def _drop_backlog(self) -> None:
        # The first line stays: some of it may have been sent.
        kept = [line for i, line in enumerate(self._queue) if i == 0 or not line.replaceable]
        self._queue = deque(kept)
        self._queued = sum(len(line.data) for line in kept)
        self._behind = True
        self._dropped += 1

    def _forget(self, sent: int) -> None:
        self._queued -= sent
        while sent:
            line = self._queue[0]
            if sent < len(line.data):
                self._queue[0] = line._replace(data=line.data[sent:])
                return
            sent -= len(line.data)
            self._queue.popleft()
