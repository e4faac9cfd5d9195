"""Sizes that clients have set for a while. iTerm2 owns a session's size; it gets the old one back when a lease ends.

A lease is a loan: the user may take the size back at any time, and to renew the lease does not fight that.
"""

import logging
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from bus.errors import RequestError
from bus.messages.commands import Resize
from bus.messages.results import Size
from workers.gateway.broker_link import BrokerLink
from workers.gateway.claims import Held
from workers.gateway.identity import Identity
from workers.gateway.requests import OnRefusal
from workers.gateway.timers import Timer, Timers

log = logging.getLogger("gateway.leases")

_COMMAND_SECONDS = 15.0

#: Sizes of one lease that the layout may still show: it is a moment behind whoever drags a window's corner.
_SIZES_MOST = 32


class Grid(NamedTuple):
    """Cells."""

    columns: int
    rows: int


class _Lease:
    """`old`: what the session had before, or what the user has chosen since.

    `given`: what the client got, the newest last. `wish`: what it asked for last. `granted`: iTerm2 has answered that.
    """

    def __init__(self, client: Identity, old: Grid) -> None:
        self.client = client
        self.old = old
        self.given: deque[Grid] = deque(maxlen=_SIZES_MOST)
        self.wish: Grid | None = None
        self.granted = False
        self.timer: Timer | None = None


class Leases:
    """The leases of all clients, one a session. `size_of` tells a session's size as the layout has it, if it has it."""

    def __init__(self, broker: BrokerLink, timers: Timers, size_of: Callable[[str], Grid | None]) -> None:
        self._broker = broker
        self._timers = timers
        self._size_of = size_of
        self._leases: dict[str, _Lease] = {}
        #: Those that have ended and whose size the layout may still show, which must not be taken for the user's.
        self._ended: dict[str, _Lease] = {}
        #: Old sizes that iTerm2 is being given back at the moment.
        self.returning = 0

    def take(
        self,
        session_id: str,
        client: Identity,
        wanted: Grid,
        seconds: float,
        on_size: Callable[[Grid], None],
        on_refusal: OnRefusal,
    ) -> None:
        """Sets the size for `seconds`. To take a lease again with another size sets that, and keeps the old one.

        With the same size it only renews the lease: the size stays as it is, be it that the user has changed it
        meanwhile. Calls one of `on_size`, with the size that the session has, and `on_refusal`. Raises `Held` when
        another client has the lease.
        """
        lease = self._leases.get(session_id)
        if lease is not None and lease.client is not client:
            raise Held(f"{lease.client} has set this session's size for a while", str(lease.client))
        if lease is None:
            lease = self._leases[session_id] = _Lease(client, self._old_size(session_id) or wanted)
        self._restart(session_id, lease, seconds)
        self._note_the_users_own(lease, session_id)
        if lease.granted and wanted == lease.wish:
            on_size(self._size_of(session_id) or lease.given[-1])
            return
        mine = lease
        mine.wish, mine.granted = wanted, False

        def resized(size: Size, _payload: bytes) -> None:
            given = Grid(size.columns, size.rows)
            mine.given.append(given)
            mine.granted = mine.granted or mine.wish == wanted
            on_size(given)
            if self._leases.get(session_id) is not mine:
                # It ended on the way.
                self._give_back(session_id, mine)

        def refused(error: RequestError) -> None:
            if not mine.given and self._leases.get(session_id) is mine:
                self._end(session_id)
            on_refusal(error)

        command = Resize(session_id=session_id, columns=wanted.columns, rows=wanted.rows)
        self._broker.ask(command, Size, resized, refused, seconds=_COMMAND_SECONDS)

    def drop_client(self, client: Identity) -> None:
        for session_id in [name for name, lease in self._leases.items() if lease.client is client]:
            self._end(session_id)

    def keep_sessions(self, present: set[str]) -> None:
        """Forgets leases of sessions that are gone, and ended ones whose sizes the layout shows no more."""
        for session_id, ended in list(self._ended.items()):
            if session_id not in present or self._size_of(session_id) not in ended.given:
                del self._ended[session_id]
        for session_id in self._leases.keys() - present:
            lease = self._leases.pop(session_id)
            if lease.timer is not None:
                lease.timer.cancel()

    def _old_size(self, session_id: str) -> Grid | None:
        """The size of a session that is not leased, for which the layout may be a moment behind."""
        now, ended = self._size_of(session_id), self._ended.get(session_id)
        return ended.old if ended is not None and now in ended.given else now

    def _note_the_users_own(self, lease: _Lease, session_id: str) -> None:
        """A size that is neither the old one nor ours is the user's: the one to give back from now on."""
        now = self._size_of(session_id)
        if now is not None and lease.given and now not in lease.given:
            lease.old = now

    def _restart(self, session_id: str, lease: _Lease, seconds: float) -> None:
        if lease.timer is not None:
            lease.timer.cancel()
        lease.timer = self._timers.after(seconds, lambda: self._end(session_id))

    def _end(self, session_id: str) -> None:
        lease = self._leases.pop(session_id)
        if lease.timer is not None:
            lease.timer.cancel()
        self._give_back(session_id, lease)

    def _give_back(self, session_id: str, lease: _Lease) -> None:
        """Gives the session its old size, unless somebody at iTerm2 has chosen another meanwhile."""
        now = self._size_of(session_id)
        if not lease.given or now is None or now not in (*lease.given, lease.old):
            return
        self.returning += 1
        self._ended[session_id] = lease

        def returned(_size: Size, _payload: bytes) -> None:
            self.returning -= 1

        def failed(error: RequestError) -> None:
            self.returning -= 1
            self._ended.pop(session_id, None)
            log.warning("%s: its old size could not be given back: %s", session_id, error)

        command = Resize(session_id=session_id, columns=lease.old.columns, rows=lease.old.rows)
        self._broker.ask(command, Size, returned, failed, seconds=_COMMAND_SECONDS)
