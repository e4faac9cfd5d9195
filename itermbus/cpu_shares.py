"""How much of a core each process takes, from one report to the next."""

import time
from collections.abc import Callable

from itermbus.report import Report


class CpuShares:
    """Remembers the report before."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._before: dict[int, float] = {}
        self._at = clock()

    def take(self, report: Report) -> dict[str, float]:
        """Percent of a core since the report before, by process; one that is new in this report is left out."""
        now = self._clock()
        used = {p.pid: p.cpu_seconds for p in report.processes if p.pid is not None and p.cpu_seconds is not None}
        seconds = max(now - self._at, 0.001)
        shares = {
            p.name: max(0.0, 100 * (used[p.pid] - self._before[p.pid]) / seconds)
            for p in report.processes
            if p.pid is not None and p.pid in used and p.pid in self._before
        }
        self._before, self._at = used, now
        return shares
