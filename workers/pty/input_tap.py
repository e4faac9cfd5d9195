"""What was typed, on the bus: only while somebody has asked for exactly that.

Typed text may be a password, which no frame shows. So a subscription to everything, an empty prefix, asks for none of
it: only one that begins with `input.` does.
"""

import time

import zmq

from bus import codec, topics
from bus.messages.events import FrameHeader
from bus.subscriptions import Subscriptions


class InputTap:
    """Publishes `input.<session id>`. `publisher` and `subscriptions` are of one socket."""

    def __init__(self, session_id: str, publisher: zmq.Socket[bytes], subscriptions: Subscriptions) -> None:
        self._topic = topics.typed(session_id)
        self._publisher = publisher
        self._subscriptions = subscriptions

    @property
    def wanted(self) -> bool:
        """Whether anybody has asked for what is typed into this session."""
        return self._subscriptions.wants(self._topic, named=topics.INPUT.encode())

    def publish(self, epoch: str, offset: int, data: bytes) -> None:
        """`data` were written to the session when its stream's head was at byte `offset` of `epoch`."""
        header = FrameHeader(epoch=epoch, offset=offset, time=time.time())
        self._publisher.send_multipart(codec.encode_frame(self._topic, header, data))
