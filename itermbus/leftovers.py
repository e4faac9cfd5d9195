"""What an instance that did not end well leaves behind: orphaned processes, dead sockets, files of lost sessions.

Whoever calls this holds the lock or has just seen supervisord go, so nothing here belongs to a living instance.
"""

import stat
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

import psutil

from bus.paths import SHIM, Paths
from bus.topics import WORKER_PREFIX
from itermbus.supervisor_client import listens

#: The packages that supervisord runs with `python -m`.
_PROGRAMS = frozenset({"broker", "workers", "headless"})

#: Seconds between two looks at processes that are about to end.
_POLL = 0.05


def processes(paths: Paths, shims: bool) -> list[psutil.Process]:
    """Our processes of this home folder, told by the interpreter's name in ~/.itermbus/env, which only they have.

    `shims`: the coprocesses too. Without supervisord they still drain iTerm2's pipes, so a new start leaves them be.
    (The framework builds of Python on macOS start a second executable with the same arguments, the first of which
    then still is this name; that could not be run here.)
    """
    python = str(paths.environment / "bin" / "python")
    return [p for p in psutil.process_iter() if _is_ours(_arguments(p), python, shims)]


def _arguments(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except (psutil.Error, OSError):
        return []


def _is_ours(arguments: list[str], python: str, shims: bool) -> bool:
    if not arguments or arguments[0] != python:
        return False
    if shims and str(SHIM) in arguments:
        return True
    module = arguments[arguments.index("-m") + 1 :][:1] if "-m" in arguments else []
    return bool(module) and module[0].partition(".")[0] in _PROGRAMS


def is_gone(process: psutil.Process) -> bool:
    """Whether it has ended; one that nobody has waited for yet has."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True


def wait_gone(
    several: Iterable[psutil.Process], seconds: float, hurry: Callable[[], bool] = lambda: False
) -> list[psutil.Process]:
    """Waits until all have ended; returns those that have not after `seconds`, or once `hurry` says so."""
    deadline = time.monotonic() + seconds
    left = [p for p in several if not is_gone(p)]
    while left and time.monotonic() < deadline and not hurry():
        time.sleep(_POLL)
        left = [p for p in left if not is_gone(p)]
    return left


def end(several: Iterable[psutil.Process], seconds: float = 5.0) -> None:
    """Asks processes to end, and after `seconds` makes them."""
    left = list(several)
    for process in left:
        with suppress(psutil.Error):
            process.terminate()
    left = wait_gone(left, seconds)
    for process in left:
        with suppress(psutil.Error):
            process.kill()
    wait_gone(left, seconds)


def remove_sockets(paths: Paths) -> None:
    """Removes the sockets in the run folder at which nobody listens any more."""
    for path in paths.run.iterdir():
        with suppress(FileNotFoundError):
            if stat.S_ISSOCK(path.lstat().st_mode) and not listens(path):
                path.unlink()


def remove_worker_files(paths: Paths) -> None:
    """Makes supervisord forget its workers, and removes what sessions printed: without coprocesses it serves nobody."""
    for path in (*paths.conf_d.glob(f"{WORKER_PREFIX}*.conf"), *paths.run.glob("*.ring"), *paths.run.glob("*.lock")):
        path.unlink(missing_ok=True)
