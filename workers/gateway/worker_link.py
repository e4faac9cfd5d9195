"""The gateway's links to the PTY workers: their streams, and requests to them.

It connects to each worker directly, so output and typing go on while the broker is away.
"""

import logging
import selectors
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeVar

from bus import codec
from bus.codec import Event, Frame
from bus.dropped import Dropped
from bus.errors import NotAttached, ProtocolError
from bus.limits import RPC_SECONDS
from bus.messages.commands import AnyCommand
from bus.messages.events import Moved
from bus.messages.results import AnyResult
from bus.paths import Paths
from workers.gateway.requests import OnRefusal, Requests
from workers.gateway.timers import Timers
from workers.gateway.worker_peer import ReadAhead, WorkerPeer

log = logging.getLogger("gateway.workers")

R = TypeVar("R", bound=AnyResult)

#: Rings that are read in one turn: 1 MiB, which processors' caches hold until it is sent. When a hundred sessions
#: flooded and all were read in each, a byte took the gateway twice as long.
_PEERS_PER_TURN = 8

#: Whether more of a session's bytes can be taken now.
HasRoom = Callable[[str], bool]


class WorkerLink:
    """Frames and events from, and requests to the workers of the sessions that were connected."""

    def __init__(self, paths: Paths, timers: Timers) -> None:
        self._paths = paths
        self._timers = timers
        self._requests = Requests(timers)
        self._peers: dict[str, WorkerPeer] = {}
        self._read_ahead = ReadAhead()
        #: Readable when a worker has something to say: epoll and kqueue can be polled themselves (epoll(7); XNU's
        #: bsd/kern/kern_event.c: kqueue_select, kqueue_kqfilter, which could not be run here). So the gateway's own
        #: poll looks at one descriptor, however many sessions there are.
        self._selector = selectors.DefaultSelector()
        #: Those whose ring has more than one turn takes.
        self._unread: dict[str, WorkerPeer] = {}
        self._dropped = Dropped(log, "a message", "gateway")

    def fileno(self) -> int:
        """Readable when `receive` has something."""
        return int(self._selector.fileno())

    def wants(self, session_id: str) -> bool:
        """Whether a session's worker is wanted, whether or not it is there."""
        return session_id in self._peers

    def connect(self, session_id: str) -> None:
        """Connects to a session's worker, which may come later and may come back."""
        self._peers[session_id] = WorkerPeer(session_id, self._paths.session(session_id), self._read_ahead)
        self._try(self._peers[session_id])

    def disconnect(self, session_id: str) -> None:
        peer = self._peers.pop(session_id)
        self._unread.pop(session_id, None)
        if peer.connected:
            self._selector.unregister(peer)
        peer.close()

    def look_for(self, session_id: str) -> None:
        """A session's worker is said to be there."""
        peer = self._peers.get(session_id)
        if peer is not None and not peer.connected:
            self._connect(peer)

    def _try(self, peer: WorkerPeer) -> None:
        """Connects, or tries again later, until it is wanted no more."""
        if self._peers.get(peer.session_id) is not peer or peer.connected:
            return
        if not self._connect(peer):
            self._timers.after(peer.retry_seconds, lambda: self._try(peer))

    def _connect(self, peer: WorkerPeer) -> bool:
        if not peer.connect():
            return False
        self._selector.register(peer, selectors.EVENT_READ, peer)
        self._watch_writing(peer)
        return True

    def _watch_writing(self, peer: WorkerPeer) -> None:
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if peer.wants_to_write else 0)
        if self._selector.get_key(peer).events != wanted:
            self._selector.modify(peer, wanted, peer)

    def ask(
        self,
        session_id: str,
        command: AnyCommand,
        expected: type[R],
        on_result: Callable[[R, bytes], None],
        on_refusal: OnRefusal,
        payload: bytes = b"",
        seconds: float = RPC_SECONDS,
    ) -> None:
        """Asks a session's worker; later calls one of `on_result` and `on_refusal`, once."""

        def send(parts: list[bytes]) -> None:
            peer = self._peers.get(session_id)
            if peer is None:
                raise NotAttached("the session has no worker")
            peer.send(parts)
            if peer.connected:
                self._watch_writing(peer)

        self._requests.ask(send, command, expected, on_result, on_refusal, payload, seconds)

    def has_more(self, has_room: HasRoom) -> bool:
        """Whether `receive` has something without anything becoming readable."""
        return any(map(has_room, self._unread))

    def receive(self, has_room: HasRoom) -> Iterator[Frame | Event]:
        """Frames and events that have come, some of each worker's. Replies are told to who asked.

        Of sessions for whose bytes there is no room, the ring is not read on.
        """
        for key, events in self._selector.select(0):
            peer: WorkerPeer = key.data
            if events & selectors.EVENT_WRITE:
                peer.flush()
                self._watch_writing(peer)
            if events & selectors.EVENT_READ:
                yield from self._receive(peer)
            if peer.is_lost:
                self._lose(peer)
        for session_id, peer in list(islice(self._unread.items(), _PEERS_PER_TURN)):
            # To the end, if there is more of it.
            del self._unread[session_id]
            if peer.has_more and has_room(session_id):
                yield peer.read_on()
            if peer.has_more:
                self._unread[session_id] = peer

    def _receive(self, peer: WorkerPeer) -> Iterator[Frame | Event]:
        try:
            messages = peer.receive()
        except ProtocolError as error:
            self._dropped.take(error)
            return
        for parts in messages:
            if len(parts) == 2:
                self._requests.receive(parts)
            else:
                yield from self._take(peer, parts)
        if peer.has_more:
            self._unread[peer.session_id] = peer

    def _take(self, peer: WorkerPeer, parts: list[bytes]) -> Iterator[Frame | Event]:
        """What is no reply. What cannot be read is counted and dropped."""
        try:
            message = codec.decode_published(parts)
        except ProtocolError as error:
            self._dropped.take(error)
            return
        if isinstance(message, Event) and isinstance(message.body, Moved):
            peer.move(message.body)
        elif isinstance(message, Event):
            # What was printed before it comes first.
            while peer.has_more:
                yield peer.read_on()
            yield message

    def _lose(self, peer: WorkerPeer) -> None:
        self._selector.unregister(peer)
        peer.lose()
        self._try(peer)

    @property
    def malformed(self) -> int:
        """Messages that could not be read."""
        return self._dropped.count

    def close(self) -> None:
        for session_id in list(self._peers):
            self.disconnect(session_id)
        self._selector.close()
