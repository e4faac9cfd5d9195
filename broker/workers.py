"""Asks PTY workers, of their streams above all."""

import asyncio
import itertools
import logging
from collections.abc import Iterable
from typing import TypeVar

import zmq
import zmq.asyncio

from bus import codec, rpc, sockets
from bus.errors import ItermbusError, ProtocolError, RequestTimeout, UnsupportedVersion
from bus.messages.commands import AnyCommand, GetPosition
from bus.messages.results import AnyResult, Position
from bus.paths import Paths

log = logging.getLogger("broker.workers")

#: Workers asked at once: each takes a socket, and descriptors are few under launchd.
_AT_ONCE = 16

_SECONDS = 1.0

R = TypeVar("R", bound=AnyResult)

#: What is heard from a worker that was asked where it stands; None is silence.
Heard = Position | UnsupportedVersion | None


class Workers:
    """A socket is made for each question: there is no state to keep true when workers come and go."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], paths: Paths) -> None:
        self._context = context
        self._paths = paths
        self._numbers = itertools.count(1)
        self._alien: set[str] = set()
        self._free = asyncio.Semaphore(_AT_ONCE)

    async def position(self, session_id: str, seconds: float = _SECONDS) -> Position:
        """Where a worker's stream stands. Raises `RequestTimeout` when it does not answer, or its refusal."""
        return await self.ask(session_id, GetPosition(), Position, seconds)

    async def ask(self, session_id: str, command: AnyCommand, expected: type[R], seconds: float = _SECONDS) -> R:
        """A worker's answer to `command`. Raises `RequestTimeout` when it does not answer, or its refusal."""
        async with self._free:
            socket = sockets.rpc_client(self._context, self._paths.session(session_id).rpc)
            try:
                async with asyncio.timeout(seconds):
                    return await self._exchange(zmq.asyncio.Socket.from_socket(socket), command, expected, seconds)
            except TimeoutError:
                raise RequestTimeout("the session's worker does not answer") from None
            finally:
                socket.close()

    async def positions(self, session_ids: Iterable[str]) -> dict[str, Heard]:
        """The same of many at once; None for a worker that does not answer in time or well.

        A worker of another version lives and refuses: it is not to be taken for one that hangs.
        """
        names = sorted(session_ids)
        answers = await asyncio.gather(*map(self._heard, names))
        return dict(zip(names, answers, strict=True))

    async def _heard(self, session_id: str) -> Heard:
        try:
            position = await self.position(session_id)
        except UnsupportedVersion as error:
            if session_id not in self._alien:
                log.warning("a worker of another version: %s", error)
                self._alien.add(session_id)
            return error
        except ItermbusError:
            return None
        self._alien.discard(session_id)
        return position

    async def _exchange(self, socket: zmq.asyncio.Socket, command: AnyCommand, expected: type[R], seconds: float) -> R:
        number = next(self._numbers)
        with socket:
            await socket.send_multipart(rpc.request_parts(number, command, seconds=seconds))
            reply, _ = codec.decode_reply(await socket.recv_multipart())
        if reply.id != number:
            raise ProtocolError("a worker answered another request")
        return rpc.unwrap(reply, expected)
