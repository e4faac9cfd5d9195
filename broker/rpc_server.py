"""Serves `broker.rpc`: each command in a task of its own, each answered with its result or a refusal."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

import zmq
import zmq.asyncio

from bus import codec, rpc
from bus.dropped import Dropped
from bus.errors import Busy, Internal, ProtocolError, RequestError, RequestTimeout
from bus.messages.commands import AnyCommand, Request
from bus.messages.results import AnyResult

log = logging.getLogger("broker.rpc")

#: Commands carried out at once. Most wait for iTerm2, which does one thing at a time.
_AT_ONCE = 64

#: The longest that any command may take, whatever deadline its sender gives.
_SECONDS_MOST = 120.0

Handler = Callable[[AnyCommand, bytes], Awaitable[tuple[AnyResult, bytes]]]


class RpcServer:
    """Runs until cancelled."""

    def __init__(self, router: zmq.Socket[bytes], handler: Handler) -> None:
        self._router = router
        self._handler = handler
        self._running = 0
        self.answered = 0
        self._dropped = Dropped(log, "a request", "broker")

    @property
    def malformed(self) -> int:
        """Requests that could not be read."""
        return self._dropped.count

    async def serve(self) -> None:
        """Takes requests until cancelled; what runs then is cancelled too and is not answered."""
        with zmq.asyncio.Socket.from_socket(self._router) as socket:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    client, *parts = await socket.recv_multipart()
                    try:
                        request, payload = codec.decode_request(parts)
                    except ProtocolError as error:
                        self._dropped.take(error)
                        refusal = rpc.version_refusal_parts(error, "broker")
                        if refusal is not None:
                            await _send(socket, client, refusal)
                        continue
                    if self._running >= _AT_ONCE:
                        await _send(
                            socket, client, rpc.refusal_parts(request.id, Busy("the broker has too much to do"))
                        )
                        continue
                    self._running += 1
                    tasks.create_task(self._answer(socket, client, request, payload), name=f"command {request.id}")

    async def _answer(self, socket: zmq.asyncio.Socket, client: bytes, request: Request, payload: bytes) -> None:
        try:
            parts = await self._parts(request, payload)
            self.answered += 1
            await _send(socket, client, parts)
        finally:
            self._running -= 1

    async def _parts(self, request: Request, payload: bytes) -> list[bytes]:
        try:
            rpc.check_deadline(request)
            async with asyncio.timeout(min(request.deadline - time.time(), _SECONDS_MOST)):
                result, out = await self._handler(request.command, payload)
        except RequestError as error:
            return rpc.refusal_parts(request.id, error)
        except TimeoutError:
            return rpc.refusal_parts(request.id, RequestTimeout("iTerm2 did not answer in time"))
        except Exception:  # A defect of ours must not end the broker; whoever asked is told.
            log.exception("a %s failed", type(request.command).__name__)
            return rpc.refusal_parts(request.id, Internal("the broker failed; its log says how"))
        return rpc.result_parts(request.id, result, out)


async def _send(socket: zmq.asyncio.Socket, client: bytes, parts: list[bytes]) -> None:
    # Through the asyncio socket, which looks for requests that came meanwhile: libzmq tells of each only once.
    try:
        await socket.send_multipart([client, *parts], zmq.NOBLOCK)
    except zmq.ZMQError as error:
        # A ROUTER drops for a client that is gone; only one that does not read its replies gets here.
        log.warning("a reply could not be sent: %s", error)
