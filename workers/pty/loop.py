"""The worker's loop: drain the pipe, write input, answer requests, take the pipe over from the shim.

Draining comes first and waits for nobody: iTerm2 holds without bound what its coprocess does not read
(iTerm2 sources/Tasks/PTYTask.m:882), so neither a slow subscriber nor a long answer may stop it.
"""

import logging
import time
from contextlib import suppress

import zmq

from bus import codec, rpc, sockets, topics
from bus.dropped import Dropped
from bus.errors import Busy, NotAttached, ProtocolError, RequestError, TooLong, UnknownType
from bus.limits import INPUT_BYTES
from bus.messages import (
    AnyCommand,
    AnyResult,
    DetachReason,
    FindMark,
    GetPosition,
    Input,
    NoteSize,
    Replay,
    WorkerFigures,
    Written,
)
from bus.process import StopSignal
from bus.ring import PipeEnded
from bus.stat_feed import StatFeed
from workers.pty.attach import AttachListener, Greeting, ShimConnection
from workers.pty.input_queue import InputQueue
from workers.pty.input_tap import InputTap
from workers.pty.meter import Meter
from workers.pty.source import Source
from workers.pty.stream import Stream

log = logging.getLogger("pty")

#: Requests answered in a row before the pipe gets its turn.
_REQUESTS_PER_TURN = 32

#: The longest wait for an event, in milliseconds: deadlines of input and the death of supervisord are looked at then.
_TICK_MS = 1000

#: How long a shim has, once its pipe has ended, to say that the user stopped it. Nothing is left to drain meanwhile.
_LAST_WORD_SECONDS = 0.5

#: Shims that have connected and not yet greeted.
_PENDING_SHIMS = 8


class PtyWorker:
    """One session's worker over its sockets; `run` returns when told to stop."""

    def __init__(
        self,
        session_id: str,
        stream: Stream,
        publisher: zmq.Socket[bytes],
        requests: zmq.Socket[bytes],
        listener: AttachListener,
    ) -> None:
        """`publisher` is the stream's, and tells who wants this worker's figures."""
        self._stream = stream
        self._requests = requests
        self._listener = listener
        self._poller = zmq.Poller()
        self._poller.register(requests, zmq.POLLIN)
        self._poller.register(listener.fileno(), zmq.POLLIN)
        self._source: Source | None = None
        self._shim: ShimConnection | None = None
        self._pending: dict[int, ShimConnection] = {}
        self._input = InputQueue()
        self._session_id = session_id
        self._name = topics.worker_name(session_id)
        self._dropped = Dropped(log, "a request", self._name)
        self._meter = Meter()
        self._publisher = publisher
        self._poller.register(publisher, zmq.POLLIN)
        self._tap = InputTap(session_id, publisher)
        self._stat = StatFeed(
            publisher,
            self._name,
            self._figures,
            on_subscription=lambda prefix, begins: self._tap.subscribed(prefix, begins=begins),
        )

    def run(self, stop: StopSignal) -> None:
        """Serves until `stop` says so, which is asked at each event and once a second."""
        self._poller.register(stop.fileno(), zmq.POLLIN)
        while not stop:
            ready = dict(self._poller.poll(_TICK_MS))
            self._meter.wakes()
            if self._source is not None and self._source.output in ready:
                self._drain(self._source)
            if self._source is not None and self._source.typed in ready:
                self._write_input(self._source)
            if self._requests in ready:
                self._answer_requests()
            self._look_at_shims(ready)
            if self._input:
                self._input.expire(time.time())
            # A shim that was reading alone may have died without handing over.
            self._stream.hold()
            self._meter.waits(self._stream.output_bytes)
            if self._publisher in ready:
                self._stat.take_news()
            self._stat.tick()

    def close(self) -> None:
        """Lets go of the pipe, which the shim keeps open and reads until the next worker comes."""
        self._input.refuse_all()
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
        if size and self._tap.wanted:
            # A ring that is being taken over has no head to tell; whoever typed is answered all the same.
            with suppress(Busy):
                place = self._stream.position(attached=True)
                self._tap.publish(place.epoch, place.head, bytes(data[:size]))
        return size

    def _take_input(self, client: bytes, request_id: int, deadline: float, data: bytes) -> None:
        if self._source is None:
            raise NotAttached("this session's coprocess is not attached")
        if len(data) > INPUT_BYTES:
            raise TooLong(f"one input is {INPUT_BYTES} bytes at most, and this one is {len(data)}")
        self._input.put(data, deadline, lambda outcome: self._reply_input(client, request_id, outcome))
        self._poller.register(self._source.typed, zmq.POLLOUT)
        self._write_input(self._source)

    def _reply_input(self, client: bytes, request_id: int, outcome: int | RequestError) -> None:
        if isinstance(outcome, RequestError):
            self._send_reply(client, rpc.refusal_parts(request_id, outcome))
        else:
            self._send_reply(client, rpc.result_parts(request_id, Written(written=outcome)))

    # --- requests ---

    def _answer_requests(self) -> None:
        for client, *parts in sockets.waiting(self._requests, _REQUESTS_PER_TURN):
            try:
                self._answer(client, parts)
            except ProtocolError as error:
                self._dropped.take(error)
                refusal = rpc.version_refusal_parts(error, self._name)
                if refusal is not None:
                    self._send_reply(client, refusal)

    def _answer(self, client: bytes, parts: list[bytes]) -> None:
        request, payload = codec.decode_request(parts)
        try:
            rpc.check_deadline(request)
            if isinstance(request.command, Input):
                self._take_input(client, request.id, request.deadline, payload)
                return
            result, out = self._look_up(request.command)
        except RequestError as error:
            self._send_reply(client, rpc.refusal_parts(request.id, error))
            return
        self._send_reply(client, rpc.result_parts(request.id, result, out))

    def _look_up(self, command: AnyCommand) -> tuple[AnyResult, bytes]:
        match command:
            case GetPosition():
                return self._stream.position(attached=self._source is not None), b""
            case NoteSize(columns=columns, rows=rows):
                self._stream.set_size(columns, rows)
                return self._stream.position(attached=self._source is not None), b""
            case FindMark(state=state):
                return self._stream.mark(state), b""
            case Replay():
                return self._stream.replay(command)
            case _:
                raise UnknownType("a PTY worker does not know this command; the broker may")

    def _figures(self) -> WorkerFigures:
        used, size = self._stream.ring_fill()
        return WorkerFigures(
            session_id=self._session_id,
            attached=self._source is not None,
            output_bytes=self._stream.output_bytes,
            output_rate=round(self._meter.rate, 1),
            frames=self._stream.frames,
            drain_lag=round(self._meter.lag, 6),
            ring_bytes=size,
            ring_used=used,
            input_bytes=self._input.written_bytes,
            inputs=self._input.taken,
            inputs_refused=self._input.refused,
            input_waiting_bytes=self._input.waiting_bytes,
            replays=self._stream.replays,
            damaged=self._stream.damaged,
            malformed=self._dropped.count,
        )

    def _send_reply(self, client: bytes, parts: list[bytes]) -> None:
        try:
            self._requests.send_multipart([client, *parts], zmq.NOBLOCK)
        except zmq.ZMQError as error:
            # A ROUTER drops for a client that is gone; only a client that does not read its replies gets here.
            log.warning("a reply could not be sent: %s", error)

    # --- the hand-over ---

    def _look_at_shims(self, ready: dict[object, int]) -> None:
        if self._listener.fileno() in ready:
            self._accept_shim()
        for shim in [shim for shim in self._pending.values() if shim.fileno() in ready]:
            self._stop_watching(shim.fileno())
            del self._pending[shim.fileno()]
            self._greet(shim)
        if self._shim is not None and self._shim.fileno() in ready and not self._shim.is_open():
            self._lose_shim(self._shim)

    def _accept_shim(self) -> None:
        shim = self._listener.accept()
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
        self._stream.publish_attachment(attached=True)
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
        self._stream.publish_attachment(attached=False, reason=reason)

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
