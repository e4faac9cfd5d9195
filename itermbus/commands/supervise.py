"""`itermbus supervise`: takes the lock and becomes supervisord, in the foreground. For launchd and systemd."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from bus import config
from bus import paths as run_time
from bus.paths import Paths
from itermbus import host_profiles, installation, instance, leftovers


def run(headless: bool | None, profiles: Sequence[Path]) -> NoReturn:
    """Never returns. Raises `AlreadyRunning`, `SetupError`."""
    paths = Paths.of_home()
    chosen = installation.default_headless() if headless is None else headless
    files = host_profiles.check(profiles, headless=chosen)
    run_time.prepare(paths)
    lock = instance.take_lock(paths)
    instance.refuse_unlocked(paths)
    _make_ready(paths, chosen, files)
    _become_supervisord(paths, lock)


def _make_ready(paths: Paths, headless: bool, profiles: Sequence[Path]) -> None:
    config.load(paths)  # its processes would each stop at a mistake in it; here it is said once
    installation.prepare(paths, headless, profiles)
    # The processes of a supervisord that was killed notice it within a second or two. Until then their sockets have
    # our names, and ZeroMQ removes a socket's file by name when it closes: it would remove the new process's.
    leftovers.end(leftovers.processes(paths, shims=False))
    leftovers.remove_sockets(paths)
    if headless:
        # Its sessions died with it. With iTerm2 they may live, and their workers start at once; the broker removes
        # those that have nothing to do any more.
        leftovers.remove_worker_files(paths)


def _become_supervisord(paths: Paths, lock: int) -> NoReturn:
    # Two steps: dup2 onto itself would leave the descriptor to be closed by exec.
    if lock == instance.LOCK_DESCRIPTOR:
        os.set_inheritable(lock, True)
    else:
        os.dup2(lock, instance.LOCK_DESCRIPTOR, inheritable=True)
    python = str(paths.environment / "bin" / "python")
    conf = str(installation.conf_argument(paths))
    os.umask(0o077)
    os.chdir("/")
    os.execv(python, [python, "-P", "-m", "supervisor.supervisord", "--nodaemon", "--silent", "-c", conf])
