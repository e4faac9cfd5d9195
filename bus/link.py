"""A link: messages of the bus over a connected Unix stream socket, both ways, without ZeroMQ between.

The gateway and each PTY worker talk over one. ZeroMQ hands every message to a thread of its own at either end, which
doubles the time of an echo and the processor time of a flood (docs/decisions/0006-links.md). A message is what
it is in ZeroMQ: two parts for a request or a reply, three for what is published. On the wire: the number of parts in
one byte, the length of each in four, most significant byte first, then the parts.
"""

import socket
import struct
from collections import deque
from collections.abc import Sequence

from bus import peer, stream_socket
from bus.errors import ProtocolError
from bus.limits import LINK_MESSAGE_BYTES, LINK_QUEUE_BYTES

#: The most parts that a message has, and what precedes a message of so many.
_PARTS_MOST = 3
_PREFACES = [struct.Struct(f">B{count}I") for count in range(_PARTS_MOST + 1)]


def connect(path: str) -> "Link":
    """A link to whoever listens at `path`. Raises `OSError` when nobody does, or another user."""
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connected.setblocking(False)
        connected.connect(path)
        if not peer.is_same_user(connected):
            raise PermissionError("another user listens there")
    except OSError:
        connected.close()
        raise
    return Link(connected)


def pack(parts: Sequence[bytes]) -> bytes:
    """A message as it is on the wire."""
    return b"".join((_PREFACES[len(parts)].pack(len(parts), *map(len, parts)), *parts))


class Link:
    """One end. It never blocks; `closed` once the other end has gone or has sent what is no message."""

    def __init__(self, connected: socket.socket) -> None:
        """Takes the socket over, which is connected and non-blocking."""
        self._socket = connected
        self._received = bytearray()
        self._queue: deque[bytes] = deque()
        self._queue_bytes = 0
        #: Bytes of the queue's first message that were sent.
        self._sent = 0
        self.closed = False

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def wants_to_write(self) -> bool:
        """Whether messages wait: then call `flush` when the socket takes more."""
        return bool(self._queue)

    def send(self, message: bytes) -> bool:
        """Sends a packed message after those that wait. False when too much waits already; then it is not sent."""
        if self._queue_bytes + len(message) > LINK_QUEUE_BYTES:
            return False
        self._queue.append(message)
        self._queue_bytes += len(message)
        if len(self._queue) == 1:
            self.flush()
        return True

    def flush(self) -> None:
        """Sends what the kernel takes now."""
        while self._queue and not self.closed:
            message = self._queue[0]
            try:
                self._sent += self._socket.send(memoryview(message)[self._sent :] if self._sent else message)
            except BlockingIOError:
                return
            except OSError:
                self.closed = True
                return
            if self._sent == len(message):
                self._forget_first()

    def _forget_first(self) -> None:
        self._queue_bytes -= len(self._queue.popleft())
        self._sent = 0

    def receive(self) -> list[list[bytes]]:
        """The messages that have come. Raises `ProtocolError` for what is no message, and is closed after it."""
        data = stream_socket.receive(self._socket)
        if not data:
            self.closed = self.closed or data is not None
            return []
        self._received += data
        messages = []
        while (parts := self._take_message()) is not None:
            messages.append(parts)
        return messages

    def _take_message(self) -> list[bytes] | None:
        """The first message that was received whole."""
        received = self._received
        if not received:
            return None
        count = received[0]
        if not 2 <= count <= _PARTS_MOST:
            self.closed = True
            raise ProtocolError(f"a message of {count} parts on a link")
        preface = _PREFACES[count]
        if len(received) < preface.size:
            return None
        _, *lengths = preface.unpack_from(received)
        end = preface.size + sum(lengths)
        if end > LINK_MESSAGE_BYTES:
            self.closed = True
            raise ProtocolError(f"a message of {end} bytes on a link, which takes {LINK_MESSAGE_BYTES}")
        if len(received) < end:
            return None
        parts, place = [], preface.size
        for length in lengths:
            parts.append(bytes(received[place : place + length]))
            place += length
        del received[:end]
        return parts

    def unsent(self) -> list[bytes]:
        """The messages of which nothing was sent, in order."""
        return list(self._queue)[1 if self._sent else 0 :]

    def close(self) -> None:
        self.closed = True
        self._socket.close()
