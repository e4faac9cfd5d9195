"""Who follows this worker over a link: told where the stream's head is, and what else belongs among its bytes.

The bytes themselves are read from the ring (`bus.ring_reader`). So one short message stands for however many bytes, and
a follower that does not read costs nothing: when it reads again it is told where the head is then.
"""

import logging
import socket

import zmq

from bus import codec
from bus.dropped import Dropped
from bus.errors import ProtocolError
from bus.link import Link, pack
from bus.messages.events import Moved
from bus.messages.fields import Message

log = logging.getLogger("pty.links")

#: Gateways that follow at once: the one there is, another beside it for a moment while it restarts, and tools.
_LINKS_MOST = 8

#: Links that may wait in the kernel to be accepted.
LINK_BACKLOG = 8


class Follower:
    """One link, and what its other end was told."""

    def __init__(self, link: Link) -> None:
        self.link = link
        #: What its descriptor is polled for.
        self.watched = zmq.POLLIN
        self._told: Moved | None = None
        self._latest: Moved | None = None

    def move(self, moved: Moved) -> None:
        """Tells where the head is, now or as soon as what was told before has been taken."""
        self._latest = moved
        if not self.link.wants_to_write:
            self._tell_latest()

    def tell(self, message: bytes) -> None:
        """Tells what comes after the bytes so far. A follower that has stopped reading is let go: it will ask."""
        self._tell_latest()
        if not self.link.send(message):
            self.link.closed = True

    def reply(self, parts: list[bytes]) -> None:
        """Answers a request. Whoever does not read its answers misses some, and stops waiting in time."""
        if not self.link.send(pack(parts)):
            log.warning("a reply could not be sent: a gateway does not read")

    def flush(self) -> None:
        self.link.flush()
        if not self.link.wants_to_write:
            self._tell_latest()

    def _tell_latest(self) -> None:
        if self._latest is not None and self._latest != self._told:
            self._told = self._latest
            self.link.send(pack(codec.encode_event("moved", self._latest)))


class Links:
    """Those that are connected, by descriptor."""

    def __init__(self, process: str) -> None:
        self.followers: dict[int, Follower] = {}
        self._dropped = Dropped(log, "a request", process)

    def add(self, connected: socket.socket, moved: Moved | None) -> Follower | None:
        """A new follower, who is told first where the head is. None when there are too many."""
        if len(self.followers) >= _LINKS_MOST:
            log.warning("refused a link: there are %d already", len(self.followers))
            connected.close()
            return None
        follower = Follower(Link(connected))
        self.followers[follower.link.fileno()] = follower
        if moved is not None:
            follower.move(moved)
        return follower

    def remove(self, descriptor: int) -> None:
        self.followers.pop(descriptor).link.close()

    def move(self, moved: Moved) -> None:
        for follower in self.followers.values():
            follower.move(moved)

    def tell(self, name: str, body: Message) -> None:
        message = pack(codec.encode_event(name, body))
        for follower in self.followers.values():
            follower.tell(message)

    def receive(self, follower: Follower) -> list[list[bytes]]:
        """The requests that have come. Whoever sends what is no message is let go."""
        try:
            return follower.link.receive()
        except ProtocolError as error:
            self._dropped.take(error)
            return []

    @property
    def malformed(self) -> int:
        return self._dropped.count

    def close(self) -> None:
        for descriptor in list(self.followers):
            self.remove(descriptor)
