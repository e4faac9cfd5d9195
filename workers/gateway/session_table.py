"""The sessions that the gateway serves, kept to the broker's layout: a stream and an input queue each."""

from collections.abc import Callable

from bus.messages.layout import Layout
from workers.gateway.broker_link import BrokerLink
from workers.gateway.layout import LayoutIndex
from workers.gateway.stream import Stream
from workers.gateway.tally import Tally
from workers.gateway.timers import Timers
from workers.gateway.typing_queue import TypingQueue
from workers.gateway.worker_link import WorkerLink

#: How long the broker's layout may take to show a session that it has created.
_LISTED_SECONDS = 2.0


class SessionTable:
    """Streams and input queues by session id. `index` is the layout in force, None before the first."""

    def __init__(self, broker: BrokerLink, workers: WorkerLink, timers: Timers) -> None:
        self._broker = broker
        self._workers = workers
        self._timers = timers
        self.index: LayoutIndex | None = None
        self.streams: dict[str, Stream] = {}
        self.tally = Tally()
        self._typing: dict[str, TypingQueue] = {}
        self._awaited: dict[str, list[Callable[[], None]]] = {}

    def apply(self, layout: Layout) -> LayoutIndex:
        """Takes a new layout: connects to new workers, lets go of those that ended."""
        first = self.index is None
        self.index = index = LayoutIndex(layout)
        wanted = index.worker_sessions()
        for session_id in self.streams.keys() - wanted:
            del self.streams[session_id]
            self._workers.disconnect(session_id)
        for session_id in wanted - self.streams.keys():
            self._workers.connect(session_id)
            stream = Stream(session_id, self._workers, self._timers, self.tally)
            # Sessions that were there before us are shown as they are; a new one from its first byte.
            stream.start(from_beginning=not first)
            self.streams[session_id] = stream
        for session_id in self._typing.keys() - index.places.keys():
            del self._typing[session_id]
        for session_id in self._awaited.keys() & index.sessions.keys():
            for action in self._awaited.pop(session_id):
                self._timers.after(0.0, action)
        return index

    def has_room(self, session_id: str) -> bool:
        """Whether more of a session's ring is worth reading now."""
        stream = self.streams.get(session_id)
        return stream is None or stream.has_room

    def when_listed(self, session_id: str, action: Callable[[], None]) -> None:
        """Calls `action` once the layout has a session that was just created and everybody was told.

        It may be called twice: after `_LISTED_SECONDS` it is called in any case.
        """
        if self.index is not None and session_id in self.index.sessions:
            action()
            return
        self._awaited.setdefault(session_id, []).append(action)

        def give_up() -> None:
            self._awaited.pop(session_id, None)
            action()

        self._timers.after(_LISTED_SECONDS, give_up)

    def typing(self, session_id: str) -> TypingQueue:
        """The input queue of a session that is in the layout."""
        queue = self._typing.get(session_id)
        if queue is None:
            queue = TypingQueue(
                session_id, self._broker, self._workers, self._timers, lambda: self.takes_bytes(session_id)
            )
            self._typing[session_id] = queue
        return queue

    def attached(self, session_id: str, epoch: str) -> None:
        """A session's worker, perhaps another one than before, has got the pipe."""
        if session_id in self.streams:
            self.streams[session_id].begin_epoch(epoch)
        self.worker_came(session_id)

    def worker_came(self, session_id: str) -> None:
        """A session's worker may be another one than before."""
        if session_id in self._typing:
            self._typing[session_id].worker_came()

    def takes_bytes(self, session_id: str) -> bool:
        """Whether input goes to the session's worker; else it goes through iTerm2's API.

        iTerm2 decodes what a coprocess types into a tmux client's pane by chunks of 1 KiB, and drops a chunk that ends
        inside a character whole (sources/PTYSession/PTYSession.m:4383).
        """
        place = None if self.index is None else self.index.places.get(session_id)
        return place is not None and place.session.attached and place.session.tmux != "client"
