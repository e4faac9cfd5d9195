"""The worker's end of the hand-over: a shim connects, says which session it is, and passes two descriptors.

The messages are in docs/bus.md. Whoever can connect here can give the worker a pipe of his own, so the peer's user
is checked on the open connection, and whatever is not exactly a greeting with two pipes is refused.
"""

import os
import re
import select
import socket
import stat
from pathlib import Path
from typing import NamedTuple

from bus import peer
from workers.pty.source import Source

#: The session, and the epoch of the pipe's bytes so far; none for a pipe that nobody has read from.
GREETING = rb"attach 1 %s (?P<epoch>-|[0-9A-Za-z]{1,32})\n"
ACCEPTED = b"ok %s\n"
REFUSED = b"no\n"
ENDED = b"end\n"
STOPPED = b"stopped\n"

#: The longest greeting, and more descriptors than a greeting carries, so that a surplus is seen and closed.
_GREETING_BYTES = 128
_DESCRIPTORS = 8

#: Shims that may wait in the kernel to be accepted, and connections that may stay silent here at once.
_BACKLOG = 8


class Greeting(NamedTuple):
    """What a shim brings: its pipes, and the epoch that they are in the middle of, empty for fresh ones."""

    source: Source
    epoch: str


class AttachListener:
    """Listens at `<session id>.attach`."""

    def __init__(self, path: Path, session_id: str) -> None:
        """Takes the path over: only the one worker of the session gets here, so a socket there is a stale one."""
        self._greeting = re.compile(GREETING % re.escape(session_id.encode("ascii")))
        path.unlink(missing_ok=True)
        self._path = path
        self._socket = peer.listen(path, _BACKLOG)

    def fileno(self) -> int:
        return self._socket.fileno()

    def accept(self) -> "ShimConnection | None":
        """The next connection, or None when it is gone already or is not ours to trust."""
        connection = peer.accept(self._socket)
        return None if connection is None else ShimConnection(connection, self._greeting)

    def close(self) -> None:
        self._socket.close()
        self._path.unlink(missing_ok=True)


class ShimConnection:
    """One connected shim. It lives as long as the shim does."""

    def __init__(self, connection: socket.socket, greeting: "re.Pattern[bytes]") -> None:
        self._socket = connection
        self._greeting = greeting
        self.stopped = False

    def fileno(self) -> int:
        return self._socket.fileno()

    def receive_greeting(self) -> Greeting | None:
        """What the shim brought, or None, after a refusal, when it was no greeting with two pipes.

        Answer it with `accept` or `refuse`.
        """
        try:
            message, descriptors, _flags, _address = socket.recv_fds(self._socket, _GREETING_BYTES, _DESCRIPTORS)
        except OSError:
            return None
        match = self._greeting.fullmatch(message)
        if match and len(descriptors) == 2 and all(map(_is_stream, descriptors)):
            epoch = match["epoch"].decode("ascii")
            return Greeting(Source(*descriptors), "" if epoch == "-" else epoch)
        for descriptor in descriptors:
            os.close(descriptor)
        self.refuse()
        return None

    def accept(self, epoch: str) -> bool:
        """Tells the shim that its pipes are read from now on, as part of `epoch`. False when it has gone."""
        return self._say(ACCEPTED % epoch.encode("ascii"))

    def refuse(self) -> None:
        """Tells the shim that its pipes are not wanted, so that it tries again."""
        self._say(REFUSED)

    def is_open(self) -> bool:
        """Reads what the shim says, after its descriptor became readable. False once it has gone.

        `stopped` then tells whether it went because the user stopped the coprocess.
        """
        try:
            said = self._socket.recv(len(STOPPED))
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.stopped = self.stopped or said == STOPPED
        return bool(said) and not self.stopped

    def wait_stopped(self, seconds: float) -> bool:
        """Whether the shim says within `seconds` that the user stopped it.

        iTerm2 closes the pipe in the same moment in which it sends SIGTERM (sources/Tasks/PTYTask.m:484), so the end of
        the pipe is often seen before the shim's word.
        """
        if select.select([self._socket], [], [], seconds)[0]:
            self.is_open()
        return self.stopped

    def say_ended(self) -> None:
        """Tells the shim that the pipe has ended, so that it goes instead of handing it over again."""
        self._say(ENDED)

    def _say(self, message: bytes) -> bool:
        try:
            return self._socket.send(message) == len(message)
        except OSError:
            return False

    def close(self) -> None:
        self._socket.close()


def _is_stream(descriptor: int) -> bool:
    """iTerm2 gives pipes; a test may give sockets. Files and devices are neither polled nor ended like them."""
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
