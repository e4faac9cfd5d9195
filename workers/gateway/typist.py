"""Input of any client into any session: claims are honoured, and the audit log is told."""

from bus.errors import Busy, RequestError
from bus.limits import INPUT_WAITING_BYTES
from workers.gateway.audit import Audit
from workers.gateway.claims import Claims
from workers.gateway.identity import Identity
from workers.gateway.session_table import SessionTable
from workers.gateway.typing_queue import OnDone


class Typist:
    """Types into the sessions of `table`."""

    def __init__(self, table: SessionTable, claims: Claims, audit: Audit) -> None:
        self._table = table
        self._claims = claims
        self._audit = audit

    def type(self, client: Identity, session_id: str, data: bytes, on_done: OnDone) -> None:
        """Types `data` into a session of the layout, after all that was typed before; calls `on_done` once.

        Raises `Held` when another client has claimed the session.
        """
        self._claims.check(session_id, client)

        def done(error: RequestError | None, written: int) -> None:
            self._audit.record(client, session_id, written, None if error is None else error.code)
            on_done(error, written)

        self._table.typing(session_id).put(data, done)

    def check_room(self, session_id: str) -> None:
        """Raises `Busy` when much waits for a session already: its program does not read."""
        if self._table.typing(session_id).waiting_bytes >= INPUT_WAITING_BYTES:
            raise Busy("the program in this session does not read its input, and what may wait for it is full")
