"""The coprocess shim: hands its stdin and stdout, iTerm2's pipes, to the session's PTY worker, and waits.

Run by iTerm2 as `/bin/sh -c 'exec python -I -S shim.py 2>/dev/null'` (iTerm2 sources/Tasks/Coprocess.m:68). It
keeps its own copies of both descriptors open, so when the worker dies the pipe does not break: the next worker gets
them again. It imports nothing of ours and prints nothing, because whatever a coprocess prints on stdout is typed
into the session (sources/Tasks/Coprocess.m:245) and on stderr becomes a banner in the user's window (:194).

What it and the worker say to each other on `<session id>.attach` is in docs/bus.md.
"""

import os
import re
import select
import signal
import socket
import sys
import time

STDIN, STDOUT = 0, 1
GREETING = b"attach 1 %s\n"
ACCEPTED = b"ok\n"
ENDED = b"end\n"
STOPPED = b"stopped\n"

#: Seconds between two attempts: at first a worker is only starting, later it may not come for long.
RETRY_FIRST, RETRY_MOST = 0.05, 1.0

#: A worker that accepted the connection answers within this, or is tried again.
ANSWER_SECONDS = 5.0

#: With no worker for this long the shim reads the session's output and throws it away: iTerm2 keeps what a coprocess
#: does not read without any bound, and moves all of it at every write (sources/Tasks/Coprocess.m:225).
DISCARD_AFTER_SECONDS = 10.0

#: iTerm2 starts at `w0t0p0:` and the session's UUID; only the text after the last colon stays true
#: (sources/PTYSession/PTYSession.m:3012).
SESSION_ID = re.compile(r"[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}")


class PipeClosed(Exception):
    """iTerm2 has closed its ends: there is nothing left to hand over."""


def session_id() -> str | None:
    """The session that this coprocess belongs to, from the environment that iTerm2 gives it."""
    for name in ("ITERM_SESSION_ID", "TERM_SESSION_ID"):
        candidate = os.environ.get(name, "").rpartition(":")[2]
        if SESSION_ID.fullmatch(candidate):
            return candidate
    return None


def check_pipe() -> None:
    """Raises `PipeClosed` when iTerm2 no longer reads our stdout, or its output has ended and was all read."""
    poll = select.poll()
    poll.register(STDOUT, 0)
    poll.register(STDIN, select.POLLIN)
    state = dict(poll.poll(0))
    if state.get(STDOUT, 0) & (select.POLLERR | select.POLLHUP | select.POLLNVAL):
        raise PipeClosed
    waiting = state.get(STDIN, 0)
    if waiting & (select.POLLHUP | select.POLLERR | select.POLLNVAL) and not waiting & select.POLLIN:
        raise PipeClosed


def pause(seconds: float, discard: bool) -> None:
    """Waits, and with `discard` reads and drops the session's output meanwhile. Raises `PipeClosed`."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        check_pipe()
        if not discard:
            time.sleep(left)
        elif select.select([STDIN], [], [], left)[0] and not os.read(STDIN, 65536):
            raise PipeClosed


def hand_over(path: str, session: str) -> bool:
    """Gives both descriptors to the worker at `path` and waits until it goes. Returns whether one had taken them.

    Raises `OSError` when there is no worker, `PipeClosed` when the worker says that the pipe has ended.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_SECONDS)
        connection.connect(path)
        signal.signal(signal.SIGTERM, lambda *_: say_stopped(connection))
        try:
            socket.send_fds(connection, [GREETING % session.encode()], [STDIN, STDOUT])
            if connection.recv(len(ACCEPTED)) != ACCEPTED:
                return False
            connection.settimeout(None)
            if connection.recv(len(ENDED)) == ENDED:
                raise PipeClosed
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return True


def say_stopped(connection: socket.socket) -> None:
    """SIGTERM is how iTerm2 ends a coprocess that its user stops (sources/Tasks/Coprocess.m:291)."""
    try:
        connection.send(STOPPED)
    finally:
        os._exit(0)


def serve(path: str, session: str) -> None:
    """Hands over again and again, with back-off, for as long as the pipe is open. Raises `PipeClosed`."""
    retry = RETRY_FIRST
    alone_since = time.monotonic()
    while True:
        try:
            if hand_over(path, session):
                retry = RETRY_FIRST
                alone_since = time.monotonic()
        except OSError:
            retry = min(retry * 2, RETRY_MOST)
        pause(retry, discard=time.monotonic() - alone_since > DISCARD_AFTER_SECONDS)


def main() -> int:
    session = session_id()
    home = os.environ.get("HOME")
    if session is None or not home:
        return 1
    try:
        serve(f"{home}/.itermbus/run/{session}.attach", session)
    except PipeClosed:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
