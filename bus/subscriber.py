"""The small blocking client for whoever watches the bus: the command line, a test, a script."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import zmq

from bus import codec, sockets
from bus.codec import Published
from bus.errors import ProtocolError


class Subscriber:
    """Yields what is published under some topics. Use it as a context manager.

    `malformed` counts the messages that could not be read; they are dropped.
    """

    def __init__(
        self, context: zmq.Context[zmq.Socket[bytes]], endpoints: Iterable[Path], prefixes: Iterable[bytes]
    ) -> None:
        self._socket = sockets.subscriber(context, endpoints, prefixes)
        self.malformed = 0

    def __enter__(self) -> "Subscriber":
        return self

    def __exit__(self, *_exc: object) -> None:
        self._socket.close()

    def receive(self, seconds: float) -> Published | None:
        """The next message, or None when none came within `seconds`."""
        if not self._socket.poll(int(seconds * 1000)):
            return None
        try:
            return codec.decode_published(self._socket.recv_multipart())
        except ProtocolError:
            self.malformed += 1
            return None

    def __iter__(self) -> Iterator[Published]:
        """Every message from now on, without end."""
        while True:
            message = self.receive(3600)
            if message is not None:
                yield message
