"""Request and reply: ids, time limits, refusals. The same few functions at both ends of every wire of the bus."""

import itertools
import time
from pathlib import Path
from typing import TypeVar

import zmq

from bus import codec, errors, sockets
from bus.codec import WrongVersion
from bus.errors import Internal, ProtocolError, RequestError, RequestTimeout, UnsupportedVersion
from bus.limits import RPC_SECONDS
from bus.messages.commands import AnyCommand, Request
from bus.messages.results import AnyResult, Refusal, Reply
from bus.version import BUS_VERSION, remedy

R = TypeVar("R", bound=AnyResult)

#: How much longer than a request's own deadline to wait for its reply: its server may refuse it just then, looking
#: at deadlines once a second, and its refusal says why.
GRACE_SECONDS = 1.5


def request_parts(number: int, command: AnyCommand, payload: bytes = b"", seconds: float = RPC_SECONDS) -> list[bytes]:
    """A request's parts; it is not to be carried out once `seconds` have passed."""
    return codec.encode_request(Request(id=number, deadline=time.time() + seconds, command=command), payload)


def check_deadline(request: Request) -> None:
    """Raises `RequestTimeout` for a request that its sender has given up on."""
    if time.time() > request.deadline:
        raise RequestTimeout("the request came after its sender had stopped waiting; nothing was done")


def result_parts(number: int, result: AnyResult, payload: bytes = b"") -> list[bytes]:
    """The reply to a command that was carried out."""
    return codec.encode_reply(Reply(id=number, result=result), payload)


def refusal_parts(number: int, error: RequestError) -> list[bytes]:
    """The reply to a command that was refused. The one place where an exception becomes a message of the bus."""
    return codec.encode_reply(Reply(id=number, refusal=Refusal(code=error.code, message=str(error))))


def version_refusal_parts(error: ProtocolError, process: str) -> list[bytes] | None:
    """The reply of the process named `process` to a request that it cannot read because it is of another version.

    None when there is nothing to reply to: it is no request of any version.
    """
    if not isinstance(error, WrongVersion) or error.request_id is None:
        return None
    text = f"this process speaks bus version {BUS_VERSION}, the request is version {error.version}"
    advice = remedy(error.version, process, "the process that asked")
    return refusal_parts(error.request_id, UnsupportedVersion(f"{process}: {text}: {advice}"))


def unwrap(reply: Reply, expected: type[R]) -> R:
    """The result of a reply. Raises the refusal as its exception, `Internal` for a result of another type."""
    if reply.refusal is not None:
        raise errors.from_code(reply.refusal.code, reply.refusal.message)
    if not isinstance(reply.result, expected):
        raise Internal(f"the reply is a {type(reply.result).__name__}, not a {expected.__name__}")
    return reply.result


class Client:
    """A blocking client of one server, for the command line and for tests. Use it as a context manager."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], server: Path) -> None:
        self._socket = sockets.rpc_client(context, server)
        self._numbers = itertools.count(1)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_exc: object) -> None:
        self._socket.close()

    def call(
        self, command: AnyCommand, expected: type[R], payload: bytes = b"", seconds: float = RPC_SECONDS
    ) -> tuple[R, bytes]:
        """Sends `command`, not to be carried out after `seconds`, and waits for its result and payload.

        Raises `RequestTimeout` when no answer came in time, the server's refusal as its exception, `ProtocolError` for
        a reply that cannot be read.
        """
        number = next(self._numbers)
        deadline = time.monotonic() + seconds + GRACE_SECONDS
        self._socket.send_multipart(request_parts(number, command, payload, seconds))
        while (left := deadline - time.monotonic()) > 0:
            if not self._socket.poll(int(left * 1000) + 1):
                break
            reply, out = codec.decode_reply(self._socket.recv_multipart())
            if reply.id == number:
                return unwrap(reply, expected), out
        raise RequestTimeout(f"no answer within {seconds:g} s")
