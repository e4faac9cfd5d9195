"""What a worker's loop measures of itself: the rate of the session's output, and how late the pipe was looked at."""

import time
from collections.abc import Callable

#: Seconds over which both are taken.
_WINDOW = 1.0


class Meter:
    """Call `wakes` after each wait for events and `waits` before the next one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._woke = self._since = clock()
        self._bytes = 0
        self._late = self._late_before = 0.0
        self._rate = 0.0

    def wakes(self) -> None:
        """The wait is over; until `waits` nobody looks whether the pipe has more."""
        self._woke = self._clock()

    def waits(self, output_bytes: int) -> None:
        """All of this turn is done; `output_bytes` were read so far."""
        now = self._clock()
        self._late = max(self._late, now - self._woke)
        if now - self._since >= _WINDOW:
            self._rate = (output_bytes - self._bytes) / (now - self._since)
            self._since, self._bytes = now, output_bytes
            self._late, self._late_before = 0.0, self._late

    @property
    def rate(self) -> float:
        """Bytes of output a second, in the last whole window."""
        return self._rate

    @property
    def lag(self) -> float:
        """The longest time for which the pipe was not looked at, in this window and the one before. Seconds."""
        return max(self._late, self._late_before)
