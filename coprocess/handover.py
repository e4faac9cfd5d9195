"""The shim's side of `<session id>.attach`: it passes both pipes to the worker, and hears how that went.

The messages are in docs/bus.md.
"""

import os
import re
import socket
import struct
import sys

GREETING = b"attach 1 %s %s\n"
FRESH = b"-"
ACCEPTED = re.compile(rb"ok ([0-9A-Za-z]{1,32})\n")
ENDED = b"end\n"
STOPPED = b"stopped\n"

#: The longest answer.
_ANSWER_BYTES = 64

#: A worker that listens answers within this, or is tried again: nobody reads meanwhile.
ANSWER_SECONDS = 2.0

#: getsockopt(2) on macOS: level SOL_LOCAL, option LOCAL_PEERPID (sys/un.h). Could not be run here.
_SOL_LOCAL, _LOCAL_PEERPID = 0, 0x002


def connect(path: str) -> socket.socket | None:
    """A connection to the worker that listens at `path`; None when there is none."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(ANSWER_SECONDS)
        connection.connect(path)
    except OSError:
        connection.close()
        return None
    return connection


def hand_over(connection: socket.socket, session: str, epoch: str, pipes: list[int]) -> str:
    """Gives `pipes` to the worker. Returns the epoch of which it reads them as part; empty when it does not.

    `epoch` is what the bytes so far belong to, empty when nobody has read any.
    """
    try:
        socket.send_fds(connection, [GREETING % (session.encode(), epoch.encode() or FRESH)], pipes)
        answer = ACCEPTED.fullmatch(_read_line(connection))
        connection.settimeout(None)
    except OSError:
        return ""
    return answer[1].decode() if answer else ""


def _read_line(connection: socket.socket) -> bytes:
    """One line and no byte more: what follows is for `has_ended`. Raises `OSError` after ANSWER_SECONDS."""
    line = b""
    while len(line) < _ANSWER_BYTES and not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            break
        line += byte
    return line


def say_stopped(connection: socket.socket) -> None:
    """Tells the worker that the user stopped the coprocess."""
    try:
        connection.send(STOPPED)
    except OSError:
        return


def has_ended(connection: socket.socket) -> bool:
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


def worker_pid(connection: socket.socket) -> int | None:
    """The process that listens at the other end."""
    try:
        if sys.platform == "darwin":
            raw = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID, 4)
        else:
            raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    except OSError:
        return None
    pid: int = struct.unpack_from("i", raw)[0]
    return pid if pid > 1 and pid != os.getpid() else None
