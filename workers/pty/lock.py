"""One worker a session: the lock on `<session id>.lock`, held for as long as the process lives.

Workers of a supervisord that died may still run when the next one starts theirs. They notice and go, and until then
the new worker waits here, because both would listen at the same sockets. (Who reads the pipe is told by the ring's own
lock, which goes to and fro between the worker and the shim.)
"""

import fcntl
import logging
import os
import time
from pathlib import Path

from bus.errors import SetupError

log = logging.getLogger("pty")

_POLL_SECONDS = 0.05


def lock(path: Path, seconds: float) -> int:
    """Takes the lock on the file at `path`, made with mode 0600, and returns its descriptor, to be kept open.

    Waits up to `seconds` for another holder to end. Raises `SetupError` after that.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    deadline = time.monotonic() + seconds
    waiting = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not waiting:
                log.info("another worker of this session is still there; waiting for its end")
                waiting = True
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise SetupError("another worker of this session is still there and does not end") from None
            time.sleep(_POLL_SECONDS)
        else:
            return descriptor
