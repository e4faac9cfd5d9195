"""Which instance runs here: at most one for each home folder, told by a lock.

The lock is a flock on `run/lock`, held on descriptor 3 of supervisord: the launcher takes it and becomes supervisord,
which keeps inherited descriptors below 5 open (supervisor/options.py, `cleanup_fds`) while its children close
everything from 3 on (supervisor/process.py, `_prepare_child_fds`). So it is held for exactly as long as supervisord
lives, however that ends, and no file has to be removed after a power cut.
"""

import fcntl
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psutil

from bus.errors import AlreadyRunning, ItermbusError, SetupError
from bus.paths import Paths
from itermbus.supervisor_client import SupervisorClient, listens

#: Where supervisord keeps the lock; see above for why 3.
LOCK_DESCRIPTOR = 3

#: Seconds in which the lock is tried again: a `status` that looks at it holds it for a moment.
_LOCK_PATIENCE = 1.0


@dataclass(frozen=True, slots=True)
class Instance:
    """The running instance. `pid`: supervisord's, `since`: seconds since 1970; None for what cannot be told."""

    pid: int | None
    since: float | None

    def describe(self) -> str:
        """The beginning of a message: since when it runs, and its pid."""
        since = f" since {datetime.fromtimestamp(self.since):%Y-%m-%d %H:%M:%S}" if self.since else ""
        return f"already running{since}" + (f" (pid {self.pid})" if self.pid else "")


def find(paths: Paths) -> Instance | None:
    """The instance that runs here, or None. A supervisord that was started without the lock counts."""
    if _is_locked(paths.lock):
        return _instance(_written_pid(paths.lock))
    if listens(paths.supervisor_socket):
        return _instance(_asked_pid(paths))
    return None


def refuse_second(paths: Paths) -> None:
    """Raises `AlreadyRunning` when an instance runs here."""
    instance = find(paths)
    if instance is not None:
        raise _already(instance)


def refuse_unlocked(paths: Paths) -> None:
    """For the holder of the lock: raises `AlreadyRunning` when a supervisord runs here that was started without it."""
    if listens(paths.supervisor_socket):
        raise _already(_instance(_asked_pid(paths)))


def take_lock(paths: Paths) -> int:
    """Takes the lock and writes our pid into it, for people. The lock is held while the descriptor is open.

    Raises `AlreadyRunning` when somebody holds it, `SetupError` when it cannot be made.
    """
    try:
        descriptor = os.open(paths.lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise SetupError(f"cannot open {paths.lock}: {error.strerror}.") from None
    deadline = time.monotonic() + _LOCK_PATIENCE
    while not _lock(descriptor, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            os.close(descriptor)
            raise _already(_instance(_written_pid(paths.lock)))
        time.sleep(0.02)
    os.truncate(descriptor, 0)
    os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    return descriptor


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        return not _lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _already(instance: Instance) -> AlreadyRunning:
    return AlreadyRunning(f"{instance.describe()}. `itermbus status` shows it, `itermbus down` stops it.")


def _asked_pid(paths: Paths) -> int | None:
    with suppress(ItermbusError):
        return SupervisorClient(paths.supervisor_socket).pid()
    return None


def _written_pid(path: Path) -> int | None:
    with suppress(OSError, ValueError):
        return int(path.read_text())
    return None


def _instance(pid: int | None) -> Instance:
    since = None
    if pid is not None:
        with suppress(psutil.Error):
            since = psutil.Process(pid).create_time()
    return Instance(pid, since)
