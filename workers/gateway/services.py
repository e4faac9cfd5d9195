"""What all clients' conversations share."""

from typing import NamedTuple

from workers.gateway.claims import Claims
from workers.gateway.leases import Leases
from workers.gateway.reader import Upstream
from workers.gateway.session_table import SessionTable
from workers.gateway.timers import Timers
from workers.gateway.typist import Typist


class Services(NamedTuple):
    """Made once a gateway."""

    table: SessionTable
    upstream: Upstream
    timers: Timers
    claims: Claims
    leases: Leases
    typist: Typist
