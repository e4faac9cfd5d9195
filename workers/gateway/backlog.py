"""When output that waits for a client is too old to be worth sending. Pure.

A person who presses Ctrl-C under a flood wants the screen as it is then, not what scrolled by before. What waits in the
gateway for a client that takes 100 KiB/s is late within a blink, so it is dropped and replaced by a snapshot. A client
that takes much and is behind nevertheless, because the machine is busy or the session prints faster than anybody reads,
gets every byte up to a bound in bytes, unless it types: then it, too, gets a snapshot at once (`Connection.hurry`).
"""

from collections.abc import Callable
from typing import NamedTuple

from bus.limits import CLIENT_BACKLOG_BYTES

#: Of what may wait for a client. Where so much waits for each that follows a session, no more is read of its ring.
ROOM = 0.75

#: How long a line may wait for a client that takes less than `SLOW_RATE`, in seconds: on a busy machine a client may
#: only not have been run.
PATIENCE_SECONDS = 3.0

#: The same for one that has typed within `TYPED_SECONDS`: somebody sits there and waits for what comes of it.
TYPED_PATIENCE_SECONDS = 0.5
TYPED_SECONDS = 2.0

#: Bytes in a second.
SLOW_RATE = 512 * 1024

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
    is_late: Callable[[float, int, bool], bool]


def is_late(seconds: float, taken: int, typed: bool) -> bool:
    """Whether a line has waited too long: `seconds`, in which the client has taken so many bytes before it.

    `typed` says whether the client has typed lately.
    """
    return seconds > (TYPED_PATIENCE_SECONDS if typed else PATIENCE_SECONDS) and taken < seconds * SLOW_RATE


def never_late(_seconds: float, _taken: int, _typed: bool) -> bool:
    return False


#: Dialect 2. Dialect 1 has no name for what is missing, so it is bounded by bytes only.
SHEDDING = Policy(CLIENT_BACKLOG_BYTES, is_late)
