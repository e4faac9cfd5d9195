"""What workers tell of their pipes, into the model."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace

import zmq
import zmq.asyncio

from broker.announcer import Announcer
from broker.attach_store import AttachStore
from broker.model import Model
from bus import codec
from bus.codec import Event
from bus.dropped import Dropped
from bus.errors import ProtocolError
from bus.messages.events import Attachment

log = logging.getLogger("broker.workers")

#: iTerm2 that quits closes the pipes of its coprocesses too (sources/Tasks/PTYTask.m:100). An end this close to the
#: end of the connection is taken for that, and the session is attached again if it comes back.
QUITTING_SECONDS = 10.0


class WorkerEvents:
    """Receives `event.attached` from all workers."""

    def __init__(
        self,
        model: Model,
        announcer: Announcer,
        store: AttachStore,
        request_look: Callable[[], None],
        on_attached: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`on_attached` is told each session whose pipe a worker has got."""
        self._model = model
        self._announcer = announcer
        self._store = store
        self._request_look = request_look
        self._on_attached = on_attached
        self._clock = clock
        self._stopped_at: dict[str, float] = {}
        self._dropped = Dropped(log, "a published message", "broker")

    @property
    def malformed(self) -> int:
        """Published messages that could not be read."""
        return self._dropped.count

    async def receive(self, subscriber: zmq.Socket[bytes]) -> None:
        """Takes events from `subscriber` until cancelled."""
        with zmq.asyncio.Socket.from_socket(subscriber) as socket:
            while True:
                parts = await socket.recv_multipart()
                try:
                    published = codec.decode_published(parts)
                except ProtocolError as error:
                    self._dropped.take(error)
                    continue
                if isinstance(published, Event) and isinstance(published.body, Attachment):
                    self.take(published.body)

    def take(self, event: Attachment) -> None:
        """One event. A session that is not known yet is heard when its worker is asked."""
        record = self._model.sessions.get(event.session_id)
        if record is None:
            return
        record.worker = True
        record.attached = event.attached
        if event.attached and record.history.stopped:
            # Started again by hand, from iTerm2's list of recent coprocesses.
            record.history = replace(record.history, stopped=False)
        if not event.attached and self._is_users_doing():
            record.history = replace(record.history, stopped=True)
            self._stopped_at[event.session_id] = self._clock()
            self._store.save(self._model.histories())
        if event.attached:
            self._on_attached(event.session_id)
        self._announcer.changed()
        self._request_look()

    def connection_ended(self) -> None:
        """The connection to iTerm2 has ended: stops of a moment ago were its quitting."""
        recent = [name for name, at in self._stopped_at.items() if self._clock() - at < QUITTING_SECONDS]
        self._stopped_at.clear()
        for name in recent:
            record = self._model.sessions.get(name)
            if record is not None:
                record.history = replace(record.history, stopped=False)
        if recent:
            self._store.save(self._model.histories())

    def _is_users_doing(self) -> bool:
        """Whether a pipe that ended is one whose coprocess the user stopped. The worker's reason need not say so: the
        pipe is closed in the same moment as the shim gets its SIGTERM (sources/Tasks/PTYTask.m:484).

        But worker and shim both hold the other end, so it was iTerm2 that closed it; and it does so while the
        session lives on only when it is told to stop the coprocess. Not counted: what we stop ourselves, and what
        ends together with iTerm2.
        """
        return not self._model.detaching and self._model.status.state == "connected"
