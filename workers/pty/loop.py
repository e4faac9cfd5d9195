"""The worker's loop: drain the pipe, keep its bytes, publish frames, write input, answer requests.

Draining comes first and waits for nobody: iTerm2 holds without bound what its coprocess does not read
(iTerm2 sources/Tasks/PTYTask.m:882), so neither a slow subscriber nor a long answer may stop it.
"""

import logging
import secrets
import time

import zmq

from bus import codec, rpc, sockets, topics
from bus.errors import NotAttached, ProtocolError, RequestError, TooLong, UnknownType
from bus.limits import FRAME_BYTES, INPUT_BYTES, REPLAY_BYTES
from bus.messages import (
    AnyCommand,
    AnyResult,
    Attachment,
    FindMark,
    FrameHeader,
    GetPosition,
    Input,
    Mark,
    NoteSize,
    Position,
    Replay,
    Replayed,
    SizeChanged,
    Written,
)
from bus.process import StopSignal
from workers.pty.attach import AttachListener, ShimConnection
from workers.pty.escapes import EscapeFollower
from workers.pty.input_queue import InputQueue
from workers.pty.ring import Ring
from workers.pty.source import Source, SourceEnded

log = logging.getLogger("pty")

#: Reads in a row before requests get their turn: 1 MiB, some 3 ms of a flood.
_READS_PER_TURN = 16

#: Requests answered in a row before the pipe gets its turn.
_REQUESTS_PER_TURN = 32

#: The longest wait for an event, in milliseconds: deadlines of input and the death of supervisord are looked at then.
_TICK_MS = 1000

#: How long a shim has, once its pipe has ended, to say that the user stopped it. Nothing is left to drain meanwhile.
_LAST_WORD_SECONDS = 0.5

#: Shims that have connected and not yet greeted.
_PENDING_SHIMS = 8


def new_epoch() -> str:
    """A name for a stretch of the stream in which no byte was missed."""
    return secrets.token_hex(8)


class PtyWorker:
    """One session's worker over its sockets; `run` returns when told to stop."""

    def __init__(
        self,
        session_id: str,
        ring: Ring,
        publisher: zmq.Socket[bytes],
        requests: zmq.Socket[bytes],
        listener: AttachListener,
    ) -> None:
        self._session_id = session_id
        self._topic = topics.pty(session_id)
        self._ring = ring
        self._publisher = publisher
        self._requests = requests
        self._listener = listener
        self._poller = zmq.Poller()
        self._poller.register(requests, zmq.POLLIN)
        self._poller.register(listener.fileno(), zmq.POLLIN)
        self._source: Source | None = None
        self._shim: ShimConnection | None = None
        self._pending: dict[int, ShimConnection] = {}
        self._input = InputQueue()
        self._escapes = EscapeFollower()
        self._sized_at = 0
        self.malformed = 0

    def run(self, stop: StopSignal) -> None:
        """Serves until `stop` says so, which is asked at each event and once a second."""
        self._poller.register(stop.fileno(), zmq.POLLIN)
        while not stop:
            ready = dict(self._poller.poll(_TICK_MS))
            if self._source is not None and self._source.output in ready:
                self._drain(self._source)
            if self._source is not None and self._source.typed in ready:
                self._write_input(self._source)
            if self._requests in ready:
                self._answer_requests()
            self._look_at_shims(ready)
            if self._input:
                self._input.expire(time.time())

    def close(self) -> None:
        """Lets go of the pipe, which the shim keeps open for the next worker."""
        self._input.refuse_all()
        self._release_source()
        for shim in self._pending.values():
            shim.close()
        if self._shim is not None:
            self._shim.close()

    # --- the session's output ---

    def _drain(self, source: Source) -> None:
        try:
            for _ in range(_READS_PER_TURN):
                if not self._read_frame(source):
                    return
        except SourceEnded:
            self._end("ended")

    def _read_frame(self, source: Source) -> bool:
        position = self._ring.head
        places = self._ring.room(FRAME_BYTES)
        size = source.read(places)
        if size == 0:
            return False
        first = places[0][:size]
        payload = bytes(first) if len(first) == size else b"".join((first, places[1][: size - len(first)]))
        self._ring.commit(size)
        header = FrameHeader(epoch=position.epoch, offset=position.offset, time=time.time())
        self._publisher.send_multipart(codec.encode_frame(self._topic, header, payload))
        self._escapes.take(payload, position.offset)
        return True

    # --- the session's input ---

    def _write_input(self, source: Source) -> None:
        try:
            self._input.flush(source.write)
        except SourceEnded:
            self._end("ended")
            return
        if not self._input:
            self._stop_watching(source.typed)

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
                self.malformed += 1
                log.warning("dropped a request: %s (%d so far)", error, self.malformed)

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
                return self._position(), b""
            case NoteSize(columns=columns, rows=rows):
                self._publish_size(columns, rows)
                return self._position(), b""
            case FindMark(state=state):
                mark = self._escapes.newest(state)
                offset, status = (mark.offset, mark.status) if mark is not None else (None, None)
                return Mark(epoch=self._ring.epoch, offset=offset, status=status), b""
            case Replay(epoch=epoch, offset=offset, limit=limit):
                _capacity, tail, head = self._ring.statistics()
                # Of another epoch the ring holds nothing, so its reader gets this one from its oldest byte.
                begin = offset if epoch == self._ring.epoch else tail
                start, data = self._ring.read(begin, min(limit, REPLAY_BYTES))
                return Replayed(epoch=self._ring.epoch, offset=start, head=head), data
            case _:
                raise UnknownType("a PTY worker does not know this command; the broker may")

    def _position(self) -> Position:
        _capacity, tail, head = self._ring.statistics()
        attached = self._source is not None
        return Position(
            epoch=self._ring.epoch,
            tail=tail,
            head=head,
            attached=attached,
            sized_at=self._sized_at,
            modes=self._escapes.modes,
        )

    def _publish_size(self, columns: int, rows: int) -> None:
        """Beside the frames on one socket, so that every reader finds the change at the same byte."""
        epoch, head = self._ring.head
        body = SizeChanged(session_id=self._session_id, epoch=epoch, offset=head, columns=columns, rows=rows)
        self._publisher.send_multipart(codec.encode_event("size", body))
        self._sized_at = head

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
            self._take_source(shim)
        if self._shim is not None and self._shim.fileno() in ready and not self._shim.is_open():
            self._lose_shim(self._shim)

    def _accept_shim(self) -> None:
        shim = self._listener.accept()
        if shim is None:
            return
        if len(self._pending) >= _PENDING_SHIMS:
            log.warning("refused a connection at .attach: %d others have not said what they want", _PENDING_SHIMS)
            shim.close()
            return
        self._pending[shim.fileno()] = shim
        self._poller.register(shim.fileno(), zmq.POLLIN)

    def _take_source(self, shim: ShimConnection) -> None:
        source = shim.receive_source()
        if source is None:
            log.warning("refused a connection at .attach: it brought no greeting with two pipes")
            shim.close()
            return
        # iTerm2 runs one coprocess a session, so a new one means that the last has ended.
        self._release_source()
        self._drop_shim()
        self._source, self._shim = source, shim
        self._ring.restart(new_epoch())
        self._escapes = EscapeFollower()
        self._sized_at = 0
        self._poller.register(source.output, zmq.POLLIN)
        self._poller.register(shim.fileno(), zmq.POLLIN)
        log.info("attached: epoch %s", self._ring.epoch)
        self._publish_attachment(attached=True)

    def _lose_shim(self, shim: ShimConnection) -> None:
        """The shim is gone. Unless the user stopped it, the pipe stays ours: we hold both ends that it held."""
        stopped = shim.stopped
        self._drop_shim()
        if stopped:
            self._end("stopped")
        else:
            log.info("the shim is gone; its pipe stays")

    def _end(self, reason: str) -> None:
        """The pipe has ended. What it still holds was read: an end shows only after the last byte."""
        self._input.refuse_all()
        self._release_source()
        if self._shim is not None:
            if reason == "ended" and self._shim.wait_stopped(_LAST_WORD_SECONDS):
                reason = "stopped"
            self._shim.say_ended()
        self._drop_shim()
        log.info("detached: %s", reason)
        self._publish_attachment(attached=False, reason=reason)

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

    def _publish_attachment(self, *, attached: bool, reason: str = "") -> None:
        epoch, head = self._ring.head
        body = Attachment(
            session_id=self._session_id,
            attached=attached,
            epoch=epoch,
            offset=head,
            reason=reason,  # type: ignore[arg-type]
        )
        self._publisher.send_multipart(codec.encode_event("attached", body))

    def _stop_watching(self, descriptor: int) -> None:
        if descriptor in self._poller:
            self._poller.unregister(descriptor)
