"""A client's connection to the gateway in dialect 2, which comes back as often as it is lost."""

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_RECEIVE_BYTES = 1 << 16
_RETRY_SECONDS = 0.1
_LINE_BYTES = 64 * 1024


class Link:
    """Blocking, for one thread; every wait has a limit."""

    def __init__(self, path: Path, hello: Callable[[], dict[str, Any]]) -> None:
        """`hello` makes the greeting of each new connection."""
        self._path = path
        self._hello = hello
        self._socket: socket.socket | None = None
        self._rest = b""
        self.connections = 0
        self.faults: list[str] = []

    def receive(self, seconds: float) -> list[dict[str, Any]] | None:
        """The messages that have come, after `seconds` at most; None when the connection was lost or made anew."""
        if self._socket is None:
            if not self._connect():
                time.sleep(_RETRY_SECONDS)
            return None
        self._socket.settimeout(seconds)
        try:
            data = self._socket.recv(_RECEIVE_BYTES)
        except TimeoutError:
            return []
        except OSError:
            data = b""
        if not data:
            self.drop()
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [self._parse(line) for line in lines]

    def send(self, **message: Any) -> bool:
        """Whether the message could be handed to the kernel."""
        if self._socket is None:
            return False
        try:
            self._socket.settimeout(5)
            self._socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            self.drop()
            return False
        return True

    def drop(self) -> None:
        """Closes the connection without a word."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connect(self) -> bool:
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connected.settimeout(5)
            connected.connect(str(self._path))
        except OSError:
            connected.close()
            return False
        self._socket, self._rest = connected, b""
        self.connections += 1
        return self.send(type="hello", version=2, **self._hello())

    def _parse(self, line: bytes) -> dict[str, Any]:
        if len(line) >= _LINE_BYTES:
            self.faults.append(f"a line of {len(line)} bytes")
        message: dict[str, Any] = json.loads(line.decode("ascii"))
        return message
