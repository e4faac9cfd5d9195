"""Who gets this session's stream: gateways, each over a link, and subscribers of the bus, while there are any.

Gateways read the bytes from the ring. Subscribers (`itermbus trace`, a user's own program) get them as frames, which
are made only for a topic that somebody has subscribed to.
"""

import time

import zmq

from bus import codec, topics
from bus.messages.events import FrameHeader, Moved
from bus.messages.fields import Message
from bus.subscriptions import Subscriptions
from workers.pty.links import Links


class Audience:
    """`publisher` and `subscriptions` are of one socket."""

    def __init__(
        self, session_id: str, publisher: zmq.Socket[bytes], subscriptions: Subscriptions, links: Links
    ) -> None:
        self._session_id = session_id
        self._topic = topics.pty(session_id)
        self._publisher = publisher
        self.subscriptions = subscriptions
        self._links = links
        #: Since the beginning.
        self.frames = 0

    def moved(self, epoch: str, head: int) -> None:
        """The ring has every byte of `epoch` before `head`, as far as it reaches back."""
        self._links.move(Moved(session_id=self._session_id, epoch=epoch, head=head))

    def publish(self, epoch: str, offset: int, payload: bytes) -> None:
        """A frame, if anybody wants it."""
        if self.subscriptions.wants(self._topic):
            header = FrameHeader(epoch=epoch, offset=offset, time=time.time())
            self._publisher.send_multipart(codec.encode_frame(self._topic, header, payload))
            self.frames += 1

    def tell(self, name: str, body: Message) -> None:
        """An event in its place: call `moved` first, with the bytes before it."""
        self._links.tell(name, body)
        self._publisher.send_multipart(codec.encode_event(name, body))
