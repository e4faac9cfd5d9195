"""How often supervisord started each process again: told by its log, since nothing in its protocol does."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

#: What supervisor writes (supervisor/process.py: spawn; supervisor/options.py: daemonize, make_pidfile).
_SPAWNED = re.compile(r"INFO spawned: '([^']+)' with pid \d+")
_STARTED = re.compile(r"INFO supervisord started with pid \d+")

#: The rotated files beside the log, oldest first (stdout_logfile_backups in supervisord.conf).
_ROTATED = (".3", ".2", ".1", "")


def read(log: Path) -> dict[str, int]:
    """Starts after the first, by process, since supervisord started; fewer where its log has been rotated away."""
    return count(_lines(log))


def count(lines: Iterable[str]) -> dict[str, int]:
    """The same of the lines of a log."""
    spawned: Counter[str] = Counter()
    for line in lines:
        if found := _SPAWNED.search(line):
            spawned[found[1]] += 1
        elif _STARTED.search(line):
            spawned.clear()
    return {name: times - 1 for name, times in spawned.items()}


def _lines(log: Path) -> Iterator[str]:
    for suffix in _ROTATED:
        with suppress(OSError), log.with_name(log.name + suffix).open(encoding="utf-8", errors="replace") as file:
            yield from file
