"""The worker's loop: drain the pipe, write input, answer requests, take the pipe over from the shim.

Draining comes first and waits for nobody: iTerm2 holds without bound what its coprocess does not read
(iTerm2 sources/Tasks/PTYTask.m:882), so neither a slow subscriber nor a long answer may stop it.
"""

import logging
import time
from functools import partial
from socket import socket
from typing import NamedTuple

import zmq

from bus import peer, sockets, topics
from bus.errors import Busy, NotAttached
from bus.messages.fields import DetachReason
from bus.messages.stat import WorkerFigures
from bus.process import ParentWatch, StopSignal
from bus.ring import PipeEnded
from bus.stat_feed import StatFeed
from workers.pty.answers import Answers
from workers.pty.attach import AttachListener, Greeting, ShimConnection
from workers.pty.audience import Audience
from workers.pty.input_queue import Answer, InputQueue
from workers.pty.input_tap import InputTap
from workers.pty.links import Links
from workers.pty.meter import Meter
from workers.pty.source import Source
from workers.pty.stream import Stream

log = logging.getLogger("pty")

#: Requests answered in a row before the pipe gets its turn.
_REQUESTS_PER_TURN = 32

#: The longest wait for an event, in milliseconds, while something is to be looked at again and again.
_TICK_MS = 1000

#: How long a shim has, once its pipe has ended, to say that the user stopped it. Nothing is left to drain meanwhile.
_LAST_WORD_SECONDS = 0.5

#: Shims that have connected and not yet greeted.
_PENDING_SHIMS = 8


class Ends(NamedTuple):
    """Where others reach a worker: subscribers, whoever asks, gateways, and the shim."""

    publisher: zmq.Socket[bytes]
    requests: zmq.Socket[bytes]
    links: socket
    shims: AttachListener


class PtyWorker:
    """One session's worker over its sockets; `run` returns when told to stop."""

    def __init__(self, session_id: str, ends: Ends, stream: Stream, audience: Audience, links: Links) -> None:
        """`audience` is the stream's, and `links` is the audience's."""
        self._session_id = session_id
        self._ends = ends
        self._stream = stream
        self._audience = audience
        self._links = links
        self._poller = zmq.Poller()
        for end in (ends.publisher, ends.requests, ends.links.fileno(), ends.shims.fileno()):
            self._poller.register(end, zmq.POLLIN)
        self._source: Source | None = None
        self._shim: ShimConnection | None = None
        self._pending: dict[int, ShimConnection] = {}
        self._input = InputQueue()
        self._meter = Meter()
        self._tap = InputTap(session_id, ends.publisher, audience.subscriptions)
        process = topics.worker_name(session_id)
        self._answers = Answers(process, stream, self)
        self._stat = StatFeed(ends.publisher, audience.subscriptions, process, self.figures)

    def run(self, stop: StopSignal) -> None:
        """Serves until `stop` says so, which is asked at each event."""
        self._poller.register(stop.fileno(), zmq.POLLIN)
        lifeline = ParentWatch.lifeline()
        if lifeline is not None:
            self._poller.register(lifeline, zmq.POLLIN)
        while not stop:
            ready = dict(self._poller.poll(None if lifeline is not None and self._may_sleep() else _TICK_MS))
            if lifeline is not None and lifeline in ready:
                # Its end comes a moment before the kernel gives us another parent.
                self._stop_watching(lifeline)
                lifeline = None
            self._meter.wakes()
            if self._source is not None and self._source.output in ready:
                self._drain(self._source)
            if self._source is not None and self._source.typed in ready:
                self._write_input(self._source)
            if self._ends.requests in ready:
                self._answer_requests()
            self._look_at_links(ready)
            self._look_at_shims(ready)
            if self._input:
                self._input.expire(time.time())
            # A shim that was reading alone may have died without handing over.
            self._stream.hold()
            self._meter.waits(self._stream.output_bytes)
            if self._ends.publisher in ready:
                self._stat.greet(self._audience.subscriptions.take_news())
            self._stat.tick()
            self._watch_links()

    def _may_sleep(self) -> bool:
        """Whether nothing has to be done before something happens: no deadline, no figures, no ring to wait for."""
        return not self._input and not self._stat.wanted and self._stream.head() is not None

    def close(self) -> None:
        """Lets go of the pipe, which the shim keeps open and reads until the next worker comes."""
        self._input.refuse_all()
        self._links.close()
        self._release_source()
        for shim in self._pending.values():
            shim.close()
        if self._shim is not None:
            self._shim.close()

    def _drain(self, source: Source) -> None:
        try:
            self._stream.drain(source.output)
        except PipeEnded:
            self._end("ended")

    # --- the session's input ---

    def _write_input(self, source: Source) -> None:
        try:
            self._input.flush(lambda data: self._type(source, data))
        except PipeEnded:
            self._end("ended")
            return
        if not self._input:
            self._stop_watching(source.typed)

    def _type(self, source: Source, data: memoryview) -> int:
        """Writes what the pipe takes, and tells whoever has asked for it what that was."""
        size = source.write(data)
        if size and self._tap.wanted and (place := self._stream.head()) is not None:
            self._tap.publish(place.epoch, place.head, bytes(data[:size]))
        return size

    @property
    def attached(self) -> bool:
        """Whether the coprocess's pipes are here."""
        return self._source is not None

    def type(self, data: bytes, deadline: float, answer: Answer) -> None:
        """Writes input, now or when the program reads. Raises `NotAttached` or `Busy`."""
        if self._source is None:
            raise NotAttached("this session's coprocess is not attached")
        self._input.put(data, deadline, answer)
        self._poller.register(self._source.typed, zmq.POLLOUT)
        self._write_input(self._source)

    # --- requests ---

    def _answer_requests(self) -> None:
        for client, *parts in sockets.waiting(self._ends.requests, _REQUESTS_PER_TURN):
            self._answers.take(parts, partial(self._send_reply, client))

    def _send_reply(self, client: bytes, parts: list[bytes]) -> None:
        try:
            self._ends.requests.send_multipart([client, *parts], zmq.NOBLOCK)
        except zmq.ZMQError as error:
            # A ROUTER drops for a client that is gone; only a client that does not read its replies gets here.
            log.warning("a reply could not be sent: %s", error)

    # --- links ---

    def _look_at_links(self, ready: dict[object, int]) -> None:
        if self._ends.links.fileno() in ready:
            self._accept_link()
        for descriptor, follower in list(self._links.followers.items()):
            events = ready.get(descriptor, 0)
            if events & zmq.POLLOUT:
                follower.flush()
            if events & ~zmq.POLLOUT:
                for parts in self._links.receive(follower):
                    self._answers.take(parts, follower.reply)
            if follower.link.closed:
                self._stop_watching(descriptor)
                self._links.remove(descriptor)

    def _accept_link(self) -> None:
        connected = peer.accept(self._ends.links)
        follower = None if connected is None else self._links.add(connected, self._stream.head())
        if follower is not None:
            self._poller.register(follower.link.fileno(), zmq.POLLIN)

    def _watch_links(self) -> None:
        """What waits for a follower was put there in any part of the turn."""
        for descriptor, follower in self._links.followers.items():
            wanted = zmq.POLLIN | zmq.POLLOUT if follower.link.wants_to_write else zmq.POLLIN
            if follower.watched != wanted:
                follower.watched = wanted
                self._poller.modify(descriptor, wanted)

    def figures(self) -> WorkerFigures:
        """What `stat.<this worker>` says."""
        used, size = self._stream.ring_fill()
        return WorkerFigures(
            session_id=self._session_id,
            attached=self._source is not None,
            output_bytes=self._stream.output_bytes,
            output_rate=round(self._meter.rate, 1),
            frames=self._audience.frames,
            drain_lag=round(self._meter.lag, 6),
            ring_bytes=size,
            ring_used=used,
            input_bytes=self._input.written_bytes,
            inputs=self._input.taken,
            inputs_refused=self._input.refused,
            input_waiting_bytes=self._input.waiting_bytes,
            replays=self._stream.replays,
            damaged=self._stream.damaged,
            malformed=self._answers.malformed + self._links.malformed,
        )

    # --- the hand-over ---

    def _look_at_shims(self, ready: dict[object, int]) -> None:
        if self._ends.shims.fileno() in ready:
            self._accept_shim()
        for shim in [shim for shim in self._pending.values() if shim.fileno() in ready]:
            self._stop_watching(shim.fileno())
            del self._pending[shim.fileno()]
            self._greet(shim)
        if self._shim is not None and self._shim.fileno() in ready and not self._shim.is_open():
            self._lose_shim(self._shim)

    def _accept_shim(self) -> None:
        shim = self._ends.shims.accept()
        if shim is None:
            return
        if len(self._pending) >= _PENDING_SHIMS:
            # A shim greets at once, so whoever has been silent for longest is none and must not keep one out.
            oldest = self._pending.pop(next(iter(self._pending)))
            self._stop_watching(oldest.fileno())
            oldest.close()
        self._pending[shim.fileno()] = shim
        self._poller.register(shim.fileno(), zmq.POLLIN)

    def _greet(self, shim: ShimConnection) -> None:
        greeting = shim.receive_greeting()
        if greeting is None:
            log.warning("refused a connection at .attach: it brought no greeting with two pipes")
            shim.close()
        elif not self._take_source(shim, greeting):
            greeting.source.close()
            shim.refuse()
            shim.close()

    def _take_source(self, shim: ShimConnection, greeting: Greeting) -> bool:
        """Reads a greeting's pipe from now on. False when another process still does, or the shim has gone."""
        try:
            self._stream.hold()
            epoch = self._stream.begin(greeting.epoch, greeting.source.output)
        except Busy:
            log.warning("another process reads this session's pipe; the shim will try again")
            return False
        # iTerm2 runs one coprocess a session, so a new one means that the last has ended.
        self._release_source()
        self._drop_shim()
        if not shim.accept(epoch):
            return False
        self._source, self._shim = greeting.source, shim
        self._poller.register(greeting.source.output, zmq.POLLIN)
        self._poller.register(shim.fileno(), zmq.POLLIN)
        log.info("attached: epoch %s", epoch)
        self._stream.tell_attachment(attached=True)
        return True

    def _lose_shim(self, shim: ShimConnection) -> None:
        """The shim is gone. Unless the user stopped it, the pipe stays ours: we hold both ends that it held."""
        stopped = shim.stopped
        self._drop_shim()
        if stopped:
            self._end("stopped")
        else:
            log.info("the shim is gone; its pipe stays")

    def _end(self, reason: DetachReason) -> None:
        """The pipe has ended. What it still holds was read: an end shows only after the last byte."""
        self._input.refuse_all()
        self._release_source()
        if self._shim is not None:
            if reason == "ended" and self._shim.wait_stopped(_LAST_WORD_SECONDS):
                reason = "stopped"
            self._shim.say_ended()
        self._drop_shim()
        log.info("detached: %s", reason)
        self._stream.tell_attachment(attached=False, reason=reason)

    def _release_source(self) -> None:
        if self._source is None:
            return
        self._stop_watching(self._source.output)
        self._stop_watching(self._source.typed)
        self._source.close()
        self._source = None

    def _drop_shim(self) -> None:
        if self._shim is None:
            return
        self._stop_watching(self._shim.fileno())
        self._shim.close()
        self._shim = None

    def _stop_watching(self, descriptor: int) -> None:
        if descriptor in self._poller:
            self._poller.unregister(descriptor)
