"""What the shell completes after a command: the names of processes and the ids of sessions that there are now.

It runs at every press of Tab, so it reads folders and asks nobody.
"""

from contextlib import suppress

from bus.errors import ItermbusError
from bus.paths import Paths
from bus.topics import WORKER_PREFIX

#: The processes of supervisord.conf; the workers have files of their own.
_ALWAYS = ("broker", "gateway")


def processes(incomplete: str) -> list[str]:
    """The processes whose names begin so, and `all`."""
    found = [*_ALWAYS, "all"]
    with suppress(ItermbusError):
        found += [conf.stem for conf in Paths.of_home().conf_d.glob("*.conf")]
    return _matching(found, incomplete)


def sessions(incomplete: str) -> list[str]:
    """The ids of the sessions that have a worker."""
    found: list[str] = []
    with suppress(ItermbusError):
        names = Paths.of_home().conf_d.glob(f"{WORKER_PREFIX}*.conf")
        found = [conf.stem.removeprefix(WORKER_PREFIX) for conf in names]
    return _matching(found, incomplete)


def logs(incomplete: str) -> list[str]:
    """The logs that there are."""
    from itermbus import log_files

    found: list[str] = []
    with suppress(ItermbusError):
        found = log_files.names(Paths.of_home())
    return _matching(found, incomplete)


def _matching(found: list[str], incomplete: str) -> list[str]:
    return sorted(name for name in found if name.lower().startswith(incomplete.lower()))
