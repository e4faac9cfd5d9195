"""What was typed, on the bus: only while somebody has asked for exactly that.

Typed text may be a password, which no frame shows. So a subscription to everything, an empty prefix, asks for none of
it: only one that begins with `input.` does.
"""

import time

import zmq

from bus import codec, topics
from bus.messages import FrameHeader

#: Prefixes that are remembered; one past these asks for nothing.
_PREFIXES_MOST = 64


class InputTap:
    """Publishes `input.<session id>` over a socket of `sockets.knowing_publisher`."""

    def __init__(self, session_id: str, publisher: zmq.Socket[bytes]) -> None:
        self._topic = topics.typed(session_id)
        self._publisher = publisher
        self._prefixes: set[bytes] = set()

    @property
    def wanted(self) -> bool:
        """Whether anybody has asked for what is typed into this session."""
        return bool(self._prefixes)

    def subscribed(self, prefix: bytes, *, begins: bool) -> None:
        """A subscription begins or ends."""
        if not prefix.startswith(topics.INPUT.encode()) or not self._topic.startswith(prefix):
            return
        if not begins:
            self._prefixes.discard(prefix)
        elif len(self._prefixes) < _PREFIXES_MOST:
            self._prefixes.add(prefix)

    def publish(self, epoch: str, offset: int, data: bytes) -> None:
        """`data` were written to the session when its stream's head was at byte `offset` of `epoch`."""
        header = FrameHeader(epoch=epoch, offset=offset, time=time.time())
        self._publisher.send_multipart(codec.encode_frame(self._topic, header, data))
