"""The API's listening socket: who may connect, and one task for each who does (iTerm2 sources/API/iTermAPIServer.m)."""

import asyncio
import contextlib
import fcntl
import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path

from bus.peer import is_same_user, listen
from headless import handshake, paths
from headless.api_connection import ApiConnection
from headless.cookies import CookieJar
from headless.dispatch import Dispatcher
from headless.errors import StartError
from headless.faults import Faults

_log = logging.getLogger(__name__)
_BACKLOG = 128
_ACCEPT_RETRY_SECONDS = 0.5


def bind_private(path: Path) -> socket.socket:
    """A listening Unix socket of mode 0600; a stale file in its place is removed first."""
    try:
        path.unlink(missing_ok=True)
        return listen(path, _BACKLOG)
    except OSError as error:
        raise StartError(f"cannot listen on {path}: {error.strerror}") from error


async def accept(listener: socket.socket) -> socket.socket:
    """The next connection. Without a free descriptor it waits: those who are connected must not suffer."""
    while True:
        try:
            connection, _ = await asyncio.get_running_loop().sock_accept(listener)
        except OSError as error:
            _log.error("cannot accept a connection: %s", error.strerror)
            await asyncio.sleep(_ACCEPT_RETRY_SECONDS)
        else:
            return connection


class ApiServer:
    """Listens, lets clients in, and serves each until it goes."""

    def __init__(self, socket_path: Path, cookies: CookieJar, dispatcher: Dispatcher, faults: Faults) -> None:
        self._path = socket_path
        self._cookies = cookies
        self._dispatcher = dispatcher
        self._faults = faults
        self._lock: int | None = None
        self._listener: socket.socket | None = None
        self.connections: set[ApiConnection] = set()

    def bind(self) -> None:
        """Takes the lock beside the socket, then the socket (sources/API/iTermAPIServer.m:200-241).

        Raises StartError if another host or iTerm2 itself runs with this HOME.
        """
        paths.check_socket_path(self._path)
        paths.make_private_folder(self._path.parent)
        lock_path = self._path.with_name("socket.lock")
        self._lock = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            self._lock = None
            raise StartError(f"another host or iTerm2 is running: {lock_path} is locked") from error
        self._listener = bind_private(self._path)
        _log.info("listening on %s", self._path)

    async def serve(self, clients: asyncio.TaskGroup) -> None:
        """Accepts clients, each in a task of `clients`, until cancelled."""
        assert self._listener is not None
        while True:
            connection = await accept(self._listener)
            clients.create_task(self._serve_client(connection), name=f"api client {connection.fileno()}")

    def close(self) -> None:
        """Stops listening and drops all clients. The socket's file stays, as iTerm2 leaves it."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for connection in list(self.connections):
            connection.drop()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def _serve_client(self, accepted: socket.socket) -> None:
        allowed = is_same_user(accepted)
        reader, writer = await asyncio.open_unix_connection(sock=accepted, limit=handshake.MAX_REQUEST)
        try:
            decision = await self._handshake(reader, allowed)
            if decision is None:
                return
            writer.write(decision.response)
            if decision.status != 101:
                _log.info("refused a client with %d", decision.status)
                await writer.drain()
                return
            await self._serve_connection(ApiConnection(reader, writer, decision.advisory_name or "unnamed"))
        except ConnectionError:
            return  # the client is gone; its subscriptions were removed on the way out
        except Exception:  # a defect that one client meets must not end the others
            _log.exception("an API client's task failed")
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _handshake(self, reader: asyncio.StreamReader, allowed: bool) -> handshake.Decision | None:
        try:
            async with asyncio.timeout(handshake.SECONDS):
                request = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return handshake.refusal(400)
        except (TimeoutError, asyncio.IncompleteReadError):
            return None
        injected = self._faults.refuse_handshake()
        if injected is not None:
            return handshake.refusal(injected)
        return handshake.decide(request, self._authorizer(allowed))

    def _authorizer(self, allowed: bool) -> Callable[[str | None], bool]:
        def authorize(cookie: str | None) -> bool:
            return allowed and cookie is not None and self._cookies.consume(cookie)

        return authorize

    async def _serve_connection(self, connection: ApiConnection) -> None:
        _log.info("client %s connected", connection.name)
        self.connections.add(connection)
        self._faults.connected(connection)
        async with asyncio.TaskGroup() as calls:
            try:
                while messages := await connection.receive():
                    for message in messages:
                        await self._faults.delay_answer()
                        await self._dispatcher.handle(connection, message, calls)
            finally:  # calls that wait for this client's own functions fail now, so that the group can end
                self._dispatcher.forget(connection)
                self.connections.discard(connection)
                _log.info("client %s is gone", connection.name)
