"""Requests to this worker and their answers, whichever way they came: over ZeroMQ or over a link."""

import logging
from collections.abc import Callable
from typing import Protocol

from bus import codec, rpc
from bus.dropped import Dropped
from bus.errors import ProtocolError, RequestError, TooLong, UnknownType
from bus.limits import INPUT_BYTES
from bus.messages.commands import AnyCommand, FindMark, GetPosition, Input, NoteSize, Replay
from bus.messages.results import AnyResult, Written
from workers.pty.input_queue import Answer
from workers.pty.stream import Stream

log = logging.getLogger("pty")

#: Sends a reply's parts to whoever asked.
Reply = Callable[[list[bytes]], None]


class Session(Protocol):
    """What the loop knows of the session's coprocess."""

    @property
    def attached(self) -> bool:
        """Whether its pipes are here."""

    def type(self, data: bytes, deadline: float, answer: Answer) -> None:
        """Writes input, now or when the program reads. Raises `NotAttached` or `Busy`."""


class Answers:
    """Answers what is asked about `stream`, and takes input for `session`."""

    def __init__(self, process: str, stream: Stream, session: Session) -> None:
        """`process` is this one's name in supervisord."""
        self._process = process
        self._stream = stream
        self._session = session
        self._dropped = Dropped(log, "a request", process)

    @property
    def malformed(self) -> int:
        """Requests that could not be read."""
        return self._dropped.count

    def take(self, parts: list[bytes], reply: Reply) -> None:
        """Answers one request, now or when its input was written. A malformed one is counted and dropped."""
        try:
            self._answer(parts, reply)
        except ProtocolError as error:
            self._dropped.take(error)
            refusal = rpc.version_refusal_parts(error, self._process)
            if refusal is not None:
                reply(refusal)

    def _answer(self, parts: list[bytes], reply: Reply) -> None:
        request, payload = codec.decode_request(parts)
        try:
            rpc.check_deadline(request)
            if isinstance(request.command, Input):
                self._type(request.id, request.deadline, payload, reply)
                return
            result, out = self._look_up(request.command)
        except RequestError as error:
            reply(rpc.refusal_parts(request.id, error))
            return
        reply(rpc.result_parts(request.id, result, out))

    def _type(self, request_id: int, deadline: float, data: bytes, reply: Reply) -> None:
        if len(data) > INPUT_BYTES:
            raise TooLong(f"one input is {INPUT_BYTES} bytes at most, and this one is {len(data)}")

        def answer(outcome: int | RequestError) -> None:
            if isinstance(outcome, RequestError):
                reply(rpc.refusal_parts(request_id, outcome))
            else:
                reply(rpc.result_parts(request_id, Written(written=outcome)))

        self._session.type(data, deadline, answer)

    def _look_up(self, command: AnyCommand) -> tuple[AnyResult, bytes]:
        match command:
            case GetPosition():
                return self._stream.position(attached=self._session.attached), b""
            case NoteSize(columns=columns, rows=rows):
                self._stream.set_size(columns, rows)
                return self._stream.position(attached=self._session.attached), b""
            case FindMark(state=state):
                return self._stream.mark(state), b""
            case Replay():
                return self._stream.replay(command)
            case _:
                raise UnknownType("a PTY worker does not know this command; the broker may")
