"""A connection to the gateway in dialect 2, for a loop that polls it."""

import socket
from collections.abc import Mapping
from pathlib import Path

import msgspec

from bus.errors import ItermbusError
from itermbus import gateway_messages
from itermbus.gateway_messages import AnyMessage

#: The gateway is to take a line within this many seconds. It does so at once unless it hangs.
_SECONDS = 10.0

#: One read. A line is 64 KiB at most.
_READ_BYTES = 256 * 1024


class GatewayAway(ItermbusError):
    """Nobody listens at the gateway's socket, or the connection has ended."""


class GatewayClient:
    """A connection that said `hello`. Use `fileno` to wait for what `receive` returns."""

    def __init__(self, path: Path, hello: Mapping[str, object]) -> None:
        """Connects and says `hello` with these keys. Raises `GatewayAway`."""
        self._rest = b""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(_SECONDS)
        try:
            self._socket.connect(str(path))
            self.send({"type": "hello", "version": 2, **hello})
        except OSError as error:
            self._socket.close()
            raise GatewayAway(f"the gateway does not answer at {path}: {error.strerror or error}") from None
        except GatewayAway:
            self._socket.close()
            raise

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        """Idempotent."""
        self._socket.close()

    def send(self, message: Mapping[str, object]) -> None:
        """Sends one line. Raises `GatewayAway`."""
        try:
            self._socket.sendall(msgspec.json.encode(message) + b"\n")
        except OSError as error:
            raise GatewayAway(f"the gateway has gone: {error.strerror or error}") from None

    def receive(self) -> list[AnyMessage]:
        """What has come; waits if nothing has. Raises `GatewayAway` at the end, `ProtocolError` for a wrong line."""
        try:
            data = self._socket.recv(_READ_BYTES)
        except OSError as error:
            raise GatewayAway(f"the gateway has gone: {error.strerror or error}") from None
        if not data:
            raise GatewayAway("the gateway has gone")
        *lines, self._rest = (self._rest + data).split(b"\n")
        messages = [gateway_messages.decode(line) for line in lines if line]
        return [message for message in messages if message is not None]
