"""Who keeps a session's input to itself."""

from bus.errors import Busy
from workers.gateway.identity import Identity


class Held(Busy):
    """Another client holds it; `holder` is its name."""

    def __init__(self, message: str, holder: str = "") -> None:
        super().__init__(message)
        self.holder = holder


class Claims:
    """The claims of all clients. One ends by `release`, with its client, and with its session."""

    def __init__(self) -> None:
        self._holders: dict[str, Identity] = {}

    def check(self, session_id: str, client: Identity) -> None:
        """Raises `Held` when another client holds the session."""
        holder = self._holders.get(session_id, client)
        if holder is not client:
            raise Held(f"{holder} has claimed this session", str(holder))

    def claim(self, session_id: str, client: Identity) -> None:
        """Raises `Held` as `check` does. To claim again what one holds changes nothing."""
        self.check(session_id, client)
        self._holders[session_id] = client

    def release(self, session_id: str, client: Identity) -> None:
        """Raises `Held` for another's claim; there need not be one."""
        self.check(session_id, client)
        self._holders.pop(session_id, None)

    def drop_client(self, client: Identity) -> None:
        self._holders = {name: holder for name, holder in self._holders.items() if holder is not client}

    def keep_sessions(self, present: set[str]) -> None:
        """Forgets claims of sessions that are gone."""
        self._holders = {name: holder for name, holder in self._holders.items() if name in present}
