"""The gateway's link to one PTY worker, which may come later, die and come back.

The worker tells where its stream's head is, and the bytes are read from its ring.
"""

import logging
from collections import deque

from bus import link
from bus.codec import Frame
from bus.errors import Busy
from bus.limits import LINK_QUEUE_BYTES
from bus.link import Link, pack
from bus.messages.events import FrameHeader, Moved
from bus.paths import SessionPaths
from bus.position import Position
from bus.ring_reader import RingReader
from bus.sockets import RPC_HWM

log = logging.getLogger("gateway.workers")

#: Bytes of one session in one turn, so that one that floods does not keep the others waiting.
_READ_BYTES = 128 * 1024

#: What is read ahead of all sessions together while clients, or the gateway itself, are behind; the rest stays in their
#: rings.
_AHEAD_BYTES = 16 * 1024 * 1024

#: How soon a worker that is not there is looked for again, and how slowly at the most. Seconds.
RETRY_SECONDS = 0.02
RETRY_SECONDS_MOST = 0.25


class ReadAhead:
    """What has been read ahead of all sessions, in bytes."""

    def __init__(self) -> None:
        self.bytes = 0

    @property
    def has_room(self) -> bool:
        return self.bytes < _AHEAD_BYTES


class WorkerPeer:
    """One worker. Requests that are made while it is away wait for the next one, up to a bound."""

    def __init__(self, session_id: str, paths: SessionPaths, total: ReadAhead) -> None:
        """`total` counts what is read ahead of all workers together."""
        self.session_id = session_id
        self._total = total
        self._paths = paths
        self._link: Link | None = None
        #: Requests that wait for the next worker: no more than its link takes at once.
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._ring = RingReader(str(paths.ring))
        #: Up to where the ring was read, and up to where it has bytes.
        self._at = Position("", 0)
        self._head = Position("", 0)
        #: What was read of it and not given yet.
        self._ahead: deque[Frame] = deque()
        self.retry_seconds = RETRY_SECONDS

    # --- its link ---

    @property
    def connected(self) -> bool:
        return self._link is not None

    @property
    def wants_to_write(self) -> bool:
        return self._link is not None and self._link.wants_to_write

    def fileno(self) -> int:
        """The link's descriptor, while `connected`."""
        assert self._link is not None
        return self._link.fileno()

    def connect(self) -> bool:
        """Whether the worker is there now. What waited for it is sent."""
        if self._link is not None:
            return True
        try:
            self._link = link.connect(str(self._paths.link))
        except OSError:
            self.retry_seconds = min(self.retry_seconds * 2, RETRY_SECONDS_MOST)
            return False
        self.retry_seconds = RETRY_SECONDS
        waiting, self._waiting, self._waiting_bytes = self._waiting, deque(), 0
        for message in waiting:
            self._link.send(message)
        return True

    def lose(self) -> None:
        """The worker is gone. Requests of which it got nothing are kept for the next one."""
        assert self._link is not None
        for message in self._link.unsent():
            self._wait(message)
        self._link.close()
        self._link = None

    def send(self, parts: list[bytes]) -> None:
        """Sends a request. Raises `Busy` when too many wait already."""
        message = pack(parts)
        if self._link is None:
            if len(self._waiting) >= RPC_HWM or self._waiting_bytes + len(message) > LINK_QUEUE_BYTES:
                raise Busy("the session has no worker at the moment, and many requests wait for one")
            self._wait(message)
        elif not self._link.send(message):
            raise Busy("the session's worker does not take requests")

    def _wait(self, message: bytes) -> None:
        self._waiting.append(message)
        self._waiting_bytes += len(message)

    def flush(self) -> None:
        if self._link is not None:
            self._link.flush()

    def close(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None
        while self._ahead:
            self._total.bytes -= len(self._ahead.popleft().payload)
        self._ring.close()

    # --- what comes ---

    def receive(self) -> list[list[bytes]]:
        """The messages that have come: replies of two parts, events of three. Raises `ProtocolError`."""
        return [] if self._link is None else self._link.receive()

    @property
    def is_lost(self) -> bool:
        """Whether the worker has gone, or has sent what is no message: then `lose` it."""
        return self._link is not None and self._link.closed

    def move(self, moved: Moved) -> None:
        """The worker's stream has gone on. It is read ahead at once: a flood soon overwrites the ring, and reading is
        quick beside what becomes of it then.
        """
        begins = self._at.epoch != moved.epoch
        self._head = Position(moved.epoch, moved.head)
        if begins:
            # Where the stream is now. Whoever reads it has stood elsewhere, and looks for what is between.
            self._skip()
        self._read_ahead()

    def _read_ahead(self) -> None:
        # One piece at the least: that there is something is told by what was read ahead.
        while self._at != self._head and (self._total.has_room or not self._ahead):
            size = min(self._head.offset - self._at.offset, _READ_BYTES)
            data = self._ring.read(*self._at, size) if size > 0 else None
            if data is None:
                self._skip()
                return
            self._put(data)
            self._at = Position(self._at.epoch, self._at.offset + size)

    def _skip(self) -> None:
        """Goes on at the head. What is between is left out, as the next frame's offset says."""
        self._at = self._head
        self._put(b"")

    def _put(self, data: bytes) -> None:
        header = FrameHeader(epoch=self._at.epoch, offset=self._at.offset, time=0.0)
        self._ahead.append(Frame(self.session_id, header, data))
        self._total.bytes += len(data)

    @property
    def has_more(self) -> bool:
        """Whether there are frames that were not given yet."""
        return bool(self._ahead)

    def read_on(self) -> Frame:
        """The next frame, when `has_more`."""
        frame = self._ahead.popleft()
        self._total.bytes -= len(frame.payload)
        self._read_ahead()
        return frame
