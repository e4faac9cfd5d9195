"""The shim's side of `<session id>.attach`: it passes both pipes to the worker, and hears how that went.

The messages are in docs/bus.md. `_socket` is what `socket` is made of; the rest of that, and `re`, would be a third of
what a shim has in memory.
"""

import _socket
import os
import struct
import sys

GREETING = b"attach 1 %s %s\n"
FRESH = b"-"
ACCEPTED = b"ok "
ENDED = b"end\n"
STOPPED = b"stopped\n"

#: The longest answer, and the longest epoch in one.
_ANSWER_BYTES = 64
_EPOCH_BYTES = 32

#: A worker that listens answers within this, or is tried again: nobody reads meanwhile.
ANSWER_SECONDS = 2.0

#: getsockopt(2) on macOS: level SOL_LOCAL, option LOCAL_PEERPID (sys/un.h). Could not be run here.
_SOL_LOCAL, _LOCAL_PEERPID = 0, 0x002


def connect(path: str) -> _socket.socket | None:
    """A connection to the worker that listens at `path`; None when there is none."""
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.settimeout(ANSWER_SECONDS)
        connection.connect(path)
    except OSError:
        connection.close()
        return None
    return connection


def hand_over(connection: _socket.socket, session: str, epoch: str, pipes: list[int]) -> str:
    """Gives `pipes` to the worker. Returns the epoch of which it reads them as part; empty when it does not.

    `epoch` is what the bytes so far belong to, empty when nobody has read any.
    """
    try:
        greeting = GREETING % (session.encode(), epoch.encode() or FRESH)
        rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, struct.pack(f"{len(pipes)}i", *pipes))
        connection.sendmsg([greeting], [rights])
        answer = _read_line(connection)
        connection.settimeout(None)
    except OSError:
        return ""
    return _accepted_epoch(answer)


def _accepted_epoch(answer: bytes) -> str:
    epoch = answer.removeprefix(ACCEPTED).removesuffix(b"\n")
    whole = len(answer) == len(ACCEPTED) + len(epoch) + 1
    return epoch.decode() if whole and epoch.isalnum() and len(epoch) <= _EPOCH_BYTES else ""


def _read_line(connection: _socket.socket) -> bytes:
    """One line and no byte more: what follows is for `has_ended`. Raises `OSError` after ANSWER_SECONDS."""
    line = b""
    while len(line) < _ANSWER_BYTES and not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            break
        line += byte
    return line


def say_stopped(connection: _socket.socket) -> None:
    """Tells the worker that the user stopped the coprocess."""
    try:
        connection.send(STOPPED)
    except OSError:
        return


def has_ended(connection: _socket.socket) -> bool:
    """Reads what the worker says, after the connection became readable. True when it says that the pipe has ended.

    Raises `ConnectionError` when it has gone without a word.
    """
    try:
        said = connection.recv(_ANSWER_BYTES)
    except OSError:
        said = b""
    if not said:
        raise ConnectionError
    return said == ENDED


def worker_pid(connection: _socket.socket) -> int | None:
    """The process that listens at the other end."""
    try:
        if sys.platform == "darwin":
            raw = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID, 4)
        else:
            raw = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
    except OSError:
        return None
    pid: int = struct.unpack_from("i", raw)[0]
    return pid if pid > 1 and pid != os.getpid() else None
