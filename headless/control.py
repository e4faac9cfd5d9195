"""The control socket: cookies, statistics, and faults for tests; one JSON object per line each way."""

import asyncio
import contextlib
import json
import logging
import socket
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bus.peer import is_same_user
from headless import paths
from headless.cookies import CookieJar
from headless.errors import HeadlessError
from headless.server import accept, bind_private

_log = logging.getLogger(__name__)
#: Longest line in either direction of a request; answers may be longer.
MAX_LINE = 64 * 1024
MAX_NAME = 256


class BadRequest(HeadlessError):
    """A control request that is not understood; the text goes back to the client."""


class ControlServer:
    """Serves the control socket; the file is removed at the end."""

    def __init__(
        self,
        path: Path,
        cookies: CookieJar,
        suite: str,
        statistics: Callable[[], dict[str, Any]],
        fault: Callable[[dict[str, Any]], dict[str, Any]] | None,
    ) -> None:
        """`fault` carries out fault requests; None when the host was not started with --allow-faults."""
        self._path = path
        self._cookies = cookies
        self._suite = suite
        self._statistics = statistics
        self._fault = fault
        self._listener: socket.socket | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    def bind(self) -> None:
        """Makes the folder if need be and listens; raises StartError."""
        paths.check_socket_path(self._path)
        # ~/.itermbus first: the other processes refuse it when others can get in.
        for folder in (self._path.parent.parent, self._path.parent):
            paths.make_private_folder(folder)
        self._listener = bind_private(self._path)

    async def serve(self, clients: asyncio.TaskGroup) -> None:
        """Accepts clients until cancelled."""
        assert self._listener is not None
        while True:
            connection = await accept(self._listener)
            clients.create_task(self._serve_client(connection), name=f"control client {connection.fileno()}")

    def close(self) -> None:
        """Stops listening, drops clients, removes the socket's file."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            self._path.unlink(missing_ok=True)
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve_client(self, accepted: socket.socket) -> None:
        if not is_same_user(accepted):
            accepted.close()
            return
        reader, writer = await asyncio.open_unix_connection(sock=accepted, limit=MAX_LINE)
        self._writers.add(writer)
        try:
            while line := await reader.readline():
                writer.write(json.dumps(self._answer(line)).encode() + b"\n")
                await writer.drain()
        except ValueError:  # longer than the limit; what follows cannot be told apart
            with contextlib.suppress(ConnectionError):
                writer.write(json.dumps({"error": f"line longer than {MAX_LINE} bytes"}).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            return
        except Exception:  # a defect that one client meets must not end the host
            _log.exception("a control client's task failed")
        finally:
            self._writers.discard(writer)
            writer.close()

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            return {"error": "not a JSON object"}
        if not isinstance(request, dict):
            return {"error": "not a JSON object"}
        try:
            return self._carry_out(request)
        except BadRequest as error:
            return {"error": str(error)}

    def _carry_out(self, request: dict[str, Any]) -> dict[str, Any]:
        kind = request.get("request")
        if kind == "cookie":
            name = request.get("name", "")
            if not isinstance(name, str) or len(name) > MAX_NAME:
                raise BadRequest(f"name must be text of at most {MAX_NAME} characters")
            _log.info("cookie issued")
            return {"cookie": self._cookies.issue(), "key": str(uuid.uuid4()).upper(), "suite": self._suite}
        if kind == "statistics":
            return self._statistics()
        if kind == "fault":
            if self._fault is None:
                raise BadRequest("faults are off; start the host with --allow-faults")
            return self._fault(request)
        raise BadRequest(f"unknown request: {str(kind)[:100]}")
