"""What a session's program starts with, whatever the host was started with."""

import os
import subprocess
import sys
from pathlib import Path

import headless.trampoline


def test_programs_start_with_the_masks_of_an_app() -> None:
    """supervisord runs the host with umask 077; the user's files must not get that."""
    master, slave = os.openpty()
    command = [sys.executable, "-I", "-S", str(Path(headless.trampoline.__file__)), "256", "sh", "/bin/sh", "-c"]
    done = subprocess.run(
        [*command, "umask; ulimit -n; trap"],
        stdin=slave,
        capture_output=True,
        text=True,
        start_new_session=True,
        umask=0o077,
        timeout=30,
        check=True,
    )
    os.close(slave)
    os.close(master)
    assert done.stdout.split() == ["0022", "256"]
