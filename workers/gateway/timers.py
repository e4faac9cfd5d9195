"""Deadlines of a poll loop: what to call, and when the next call is due."""

import heapq
import itertools
import time
from collections.abc import Callable

#: The most that a turn's work counts for others.
_TURN_SECONDS = 0.05


class TurnClock:
    """Seconds as the clients of a poll loop could use them: work that took long was not theirs, and counts little."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()
        self._now = 0.0

    def wait_begins(self) -> None:
        """The loop has done its work and waits for the next event."""
        now = self._clock()
        self._now += min(now - self._last, _TURN_SECONDS)
        self._last = now

    def wait_ended(self) -> None:
        now = self._clock()
        self._now += now - self._last
        self._last = now

    def __call__(self) -> float:
        return self._now


class Timer:
    """One call to come. `cancel` it when what it waits for has happened."""

    __slots__ = ("action", "when")

    def __init__(self, when: float, action: Callable[[], None]) -> None:
        self.when = when
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        self.action = None


class Timers:
    """Calls at times of a monotonic clock, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()

    def after(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Calls `action` once, `seconds` from now."""
        timer = Timer(self._clock() + seconds, action)
        heapq.heappush(self._heap, (timer.when, next(self._order), timer))
        return timer

    def run_due(self) -> None:
        """Makes the calls that are due."""
        now = self._clock()
        while self._heap and self._heap[0][0] <= now:
            action = heapq.heappop(self._heap)[2].action
            if action is not None:
                action()

    def seconds_left(self, most: float) -> float:
        """How long a loop may wait: until the next call, `most` seconds at the longest."""
        while self._heap and self._heap[0][2].action is None:
            heapq.heappop(self._heap)
        if not self._heap:
            return most
        return min(most, max(0.0, self._heap[0][0] - self._clock()))
