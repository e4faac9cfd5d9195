"""The coprocess shim: hands its stdin and stdout, iTerm2's pipes, to the session's PTY worker, and waits.

Run by iTerm2 as `/bin/sh -c 'exec python -I -S shim.py 2>/dev/null'` (iTerm2 sources/Tasks/Coprocess.m:68). It
keeps its own copies of both descriptors open, so when the worker dies the pipe does not break: the shim reads on by
itself, and the next worker gets both again. It prints nothing, because whatever a coprocess prints on stdout is typed
into the session (sources/Tasks/Coprocess.m:245) and on stderr becomes a banner in the user's window (:194).

Standard library only, little of it, no thread: one of these runs for each of the user's sessions. (`_signal` is what
`signal` is made of, less the enumerations.)
"""

import _signal  # type: ignore[import-not-found]  # it has no stubs
import _socket
import fcntl
import os
import sys

# `-I` leaves out the folder that this file is in.
sys.path.append(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))

from bus.ring import PipeEnded
from coprocess import handover, watch
from coprocess.lone_reader import LoneReader

STDIN, STDOUT = 0, 1

#: Seconds between two attempts to find a worker: at first one is only starting, later it may not come for long.
RETRY_FIRST, RETRY_MOST = 0.05, 0.5

#: iTerm2 starts at `w0t0p0:` and the session's UUID; only the text after the last colon stays true
#: (sources/PTYSession/PTYSession.m:3012).
SESSION_ID_PARTS = [8, 4, 4, 4, 12]
HEXADECIMAL = frozenset("0123456789ABCDEF")


def session_id() -> str | None:
    """The session that this coprocess belongs to, from the environment that iTerm2 gives it."""
    for name in ("ITERM_SESSION_ID", "TERM_SESSION_ID"):
        candidate = os.environ.get(name, "").rpartition(":")[2]
        if is_session_id(candidate):
            return candidate
    return None


def is_session_id(text: str) -> bool:
    """Whether `text` is a UUID as iTerm2 writes it."""
    parts = text.split("-")
    return [len(part) for part in parts] == SESSION_ID_PARTS and set("".join(parts)) <= HEXADECIMAL


class Shim:
    """One session's shim. `run` names its files: all of them begin with that path."""

    def __init__(self, run: str, session: str) -> None:
        self._session = session
        self._attach = f"{run}.attach"
        self._ring = f"{run}.ring"
        self._reader = LoneReader(self._ring, STDIN, STDOUT)
        self._worker: _socket.socket | None = None

    def serve(self) -> None:
        """Hands over again and again, and reads while nobody else does. Raises `PipeEnded`."""
        retry = RETRY_FIRST
        while True:
            retry = RETRY_FIRST if self._lend() else min(retry * 2, RETRY_MOST)
            self._reader.read(retry)

    def _lend(self) -> bool:
        """Hands over, and waits until the worker has gone. False at once when there is none that takes the pipes."""
        connection = handover.connect(self._attach)
        if connection is None:
            return False
        self._worker = connection
        self._reader.release()
        try:
            epoch = handover.hand_over(connection, self._session, self._reader.epoch, [STDIN, STDOUT])
            if not epoch:
                return False
            self._reader.epoch = epoch
            watch.wait_gone(connection, STDIN, self._ring)
        finally:
            self._worker = None
            connection.close()
        return True

    def leave(self) -> None:
        """SIGTERM is how iTerm2 ends a coprocess that its user stops (sources/Tasks/Coprocess.m:291)."""
        try:
            if self._worker is not None:
                handover.say_stopped(self._worker)
            else:
                self._reader.mark_stopped()
        finally:
            os._exit(0)


def widen(pipe: int) -> None:
    """Lets 1 MiB wait in the pipe where it may, so that a reader which is not run for a moment costs iTerm2 nothing.

    Linux only, and refused past a user's share of such pages (pipe(7)); macOS's pipes grow to 64 KiB by themselves.
    """
    command = getattr(fcntl, "F_SETPIPE_SZ", None)
    if command is None:
        return
    try:
        fcntl.fcntl(pipe, command, 1 << 20)
    except OSError:
        return


def main() -> int:
    session = session_id()
    home = os.environ.get("HOME")
    if session is None or not home:
        return 1
    shim = Shim(f"{home}/.itermbus/run/{session}", session)
    _signal.signal(_signal.SIGTERM, lambda *_: shim.leave())
    os.set_blocking(STDIN, False)
    widen(STDIN)
    try:
        shim.serve()
    except PipeEnded:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
