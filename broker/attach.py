"""Whose coprocess a session has, and whether to start ours. Pure.

One session has one coprocess. Another program's is never touched, one that the user stopped is not started again
unasked, and each launch costs iTerm2 a descriptor (sources/Tasks/Coprocess.m:194), so launches are few.
"""

from dataclasses import dataclass
from typing import NamedTuple

from broker.coprocess_command import CoprocessCommand

HOUR = 3600.0

#: Launches younger than this count for the back-off.
_RECENT_SECONDS = 300.0

#: The longest pause between two launches, unless the hour's are used up.
_LONGEST_PAUSE = 60.0

FOREIGN = "another coprocess is running"
STOPPED = "its coprocess was stopped by the user"
EXITED = "its program has ended"
DETACHING = "itermbus is being stopped"
CONNECTING = "its coprocess is starting"
NOT_CONNECTED = "iTerm2 is not connected"


@dataclass(frozen=True, slots=True)
class History:
    """What happened to a session's coprocess before. Times are seconds since 1970: they outlive the broker."""

    stopped: bool = False
    launches: tuple[float, ...] = ()

    def launched(self, now: float) -> "History":
        """The history after one more launch."""
        return History(self.stopped, (*(time for time in self.launches if 0 <= now - time < HOUR), now))


class Launch(NamedTuple):
    """Start our coprocess now."""


class Ours(NamedTuple):
    """Our coprocess is there; whether it has reached the worker, the worker tells."""


class Leave(NamedTuple):
    """Start nothing. `until`: when to look again (seconds since 1970), None for when something changes."""

    reason: str
    until: float | None = None


Decision = Launch | Ours | Leave


def decide(
    coprocess: str | None, command: CoprocessCommand, history: History, *, exited: bool, per_hour: int, now: float
) -> Decision:
    """What to do about a session whose coprocess has the command line `coprocess`, None without one."""
    if coprocess is not None:
        return Ours() if command.is_ours(coprocess) else Leave(FOREIGN)
    if history.stopped:
        return Leave(STOPPED)
    if exited:
        return Leave(EXITED)
    return _pace(history, per_hour, now)


def _pace(history: History, per_hour: int, now: float) -> Decision:
    this_hour = [time for time in history.launches if 0 <= now - time < HOUR]
    if len(this_hour) >= per_hour:
        until = this_hour[-per_hour] + HOUR
        return Leave(f"its coprocess ended {len(this_hour)} times within the hour and is left alone for a while", until)
    recent = [time for time in this_hour if now - time < _RECENT_SECONDS]
    if recent:
        until = recent[-1] + min(2.0 ** (len(recent) - 1), _LONGEST_PAUSE)
        if now < until:
            return Leave("its coprocess ended and is started again in a moment", until)
    return Launch()
