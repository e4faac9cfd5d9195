"""When output that waits for a client is too old to be worth sending. Pure.

A person who presses Ctrl-C under a flood wants the screen as it is then, not what scrolled by before. What waits in the
gateway for a client that takes 100 KiB/s is late within a blink, so it is dropped and replaced by a snapshot. A client
that takes much and is behind for a moment, because the machine is busy, gets more time.
"""

from collections.abc import Callable
from typing import NamedTuple

from bus.limits import CLIENT_BACKLOG_BYTES

#: How long a line may wait for a client that takes less than `SLOW_RATE`, in seconds.
PATIENCE_SECONDS = 0.3

#: How long for one that takes more.
LONG_PATIENCE_SECONDS = 2.0

#: Bytes in a second.
SLOW_RATE = 1024 * 1024

#: The kernel's buffer for a client, at first and after it was too slow: what is in there cannot be taken back. Linux
#: counts its own overhead in and doubles the figure.
SLOW_BUFFER_BYTES = 8 * 1024

#: The kernel's buffer for a client that has taken `FAST_BYTES` within `FAST_SECONDS`.
FAST_BUFFER_BYTES = 256 * 1024
FAST_BYTES = 512 * 1024
FAST_SECONDS = 0.25


class Policy(NamedTuple):
    """What bounds the output that waits for a client: bytes, and whether a line is late."""

    limit: int
    is_late: Callable[[float, int], bool]


def is_late(seconds: float, taken: int) -> bool:
    """Whether a line has waited too long: `seconds`, in which the client has taken so many bytes before it."""
    if seconds <= PATIENCE_SECONDS:
        return False
    return taken < seconds * SLOW_RATE or seconds > LONG_PATIENCE_SECONDS


def never_late(_seconds: float, _taken: int) -> bool:
    return False


#: Dialect 2. Dialect 1 has no name for what is missing, so it is bounded by bytes only.
SHEDDING = Policy(CLIENT_BACKLOG_BYTES, is_late)
