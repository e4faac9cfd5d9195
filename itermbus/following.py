"""One session's stream, from a snapshot on and without a missing byte, over as many connections as it takes."""

import time
from collections.abc import Mapping
from pathlib import Path

from bus.position import Position
from itermbus.gateway_client import GatewayAway, GatewayClient
from itermbus.gateway_messages import AnyMessage, Data, Gap, Snapshot, Welcome

#: Seconds between two attempts to reach a gateway that is away.
_PAUSE = 0.2


class Follower:
    """Follows one session. While the gateway is away, call `reconnect` now and then.

    After a restart of the gateway the stream goes on at the byte where it stood.
    """

    def __init__(
        self, gateway: Path, session_id: str, client: str, *, read_only: bool = True, strip_queries: bool = False
    ) -> None:
        """Connects. Raises `GatewayAway`."""
        self._gateway = gateway
        self._session_id = session_id
        self._hello: dict[str, object] = {
            "client": client,
            "sessions": [session_id],
            "read_only": read_only,
            "strip_queries": strip_queries,
        }
        self._position: Position | None = None
        self._tried = time.monotonic()
        self._welcomes = 0
        self._client: GatewayClient | None = self._connect()

    def fileno(self) -> int:
        """Readable when `receive` returns at once; -1 while the gateway is away."""
        return -1 if self._client is None else self._client.fileno()

    @property
    def connected(self) -> bool:
        """Whether there is a connection to wait for; one to a gateway that is about to end may say nothing any more."""
        return self._client is not None

    @property
    def reconnections(self) -> int:
        """How often another gateway, or the same again, has said welcome."""
        return max(0, self._welcomes - 1)

    def close(self) -> None:
        """Idempotent."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def reconnect(self) -> bool:
        """Tries to reach the gateway again, not more often than is good for it. Whether it is there."""
        if self._client is None and time.monotonic() - self._tried >= _PAUSE:
            self._tried = time.monotonic()
            try:
                self._client = self._connect()
            except GatewayAway:
                return False
        return self._client is not None

    def send(self, kind: str, keys: Mapping[str, object]) -> bool:
        """Sends a request about the session; whether it was sent."""
        if self._client is None:
            return False
        try:
            self._client.send({"type": kind, "session_id": self._session_id, **keys})
        except GatewayAway:
            self.close()
            return False
        return True

    def receive(self) -> list[AnyMessage]:
        """What has come; nothing when the gateway has gone. Raises `ProtocolError`."""
        if self._client is None:
            return []
        try:
            messages = self._client.receive()
        except GatewayAway:
            self.close()
            return []
        for message in messages:
            self._note(message)
        return messages

    def _connect(self) -> GatewayClient:
        hello = dict(self._hello)
        if self._position is not None:
            hello["resume"] = {self._session_id: self._position._asdict()}
        return GatewayClient(self._gateway, hello)

    def _note(self, message: AnyMessage) -> None:
        """Keeps the place by which the gateway can be asked to go on."""
        match message:
            case Welcome():
                self._welcomes += 1
            case Data(epoch=epoch, next=offset) | Gap(epoch=epoch, end=offset):
                self._position = Position(epoch, offset)
            case Snapshot(epoch=str(epoch), offset=offset, more=False):
                self._position = Position(epoch, offset)
            case Snapshot():
                # Half a repaint is no place to go on from.
                self._position = None
