"""Unix sockets of our own: private ones, and who is at the other end.

The 0700 folder keeps others out; mode 0600 and the check of the peer's user are the second lock, and the check holds
for a connection that was already open when the folder's mode changed.
"""

import logging
import os
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger("bus.peer")

#: macOS: level and option of getsockopt for the peer's credentials (<sys/un.h>); absent from Python's `socket`.
_SOL_LOCAL = 0
_LOCAL_PEERCRED = 0x001
_LOCAL_PEERPID = 0x002
_XUCRED_VERSION = 0


@contextmanager
def private_files() -> Iterator[None]:
    """What is made meanwhile has mode 0600 from its first moment: a chmod afterwards would come too late.

    The mask is the whole process's, so this is for a process's start and for one thread.
    """
    before = os.umask(0o177)
    try:
        yield
    finally:
        os.umask(before)


def listen(path: Path, backlog: int) -> socket.socket:
    """A non-blocking listener at `path`, mode 0600. Raises `OSError`, as when there is a file already."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with private_files():
            listener.bind(str(path))
        listener.listen(backlog)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def accept(listener: socket.socket) -> socket.socket | None:
    """The next connection, non-blocking; None when it is gone already or is another user's."""
    try:
        connection, _ = listener.accept()
    except OSError:
        return None
    if not is_same_user(connection):
        log.warning("refused a connection: it is another user's")
        connection.close()
        return None
    connection.setblocking(False)
    return connection


def peer_uid(connection: socket.socket) -> int:
    """The effective user id of the process that connected. Raises `OSError` when the kernel does not tell."""
    if sys.platform == "darwin":
        return _peer_uid_macos(connection)
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _pid, uid, _gid = struct.unpack("3i", credentials)
    return int(uid)


def peer_pid(connection: socket.socket) -> int | None:
    """The process that connected, or None when the kernel does not tell. A number only: the process may be gone."""
    try:
        if sys.platform == "darwin":
            # pid_t; <sys/un.h>. Written from the header; not run on a Mac yet.
            pid = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID, struct.calcsize("i"))
            return int(struct.unpack("i", pid)[0]) or None
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", credentials)[0]) or None
    except OSError:
        return None


def is_same_user(connection: socket.socket) -> bool:
    """Whether the peer runs as we do. A peer that is already gone is not."""
    try:
        return peer_uid(connection) == os.geteuid()
    except OSError:
        return False


def _peer_uid_macos(connection: socket.socket) -> int:
    # struct xucred { u_int cr_version; uid_t cr_uid; short cr_ngroups; gid_t cr_groups[16]; } in <sys/ucred.h>.
    # Written from the header; it could not be run on the machine that itermbus is tested on.
    layout = "2Ih16I"
    credentials = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, struct.calcsize(layout))
    version, uid = struct.unpack_from("2I", credentials)
    if version != _XUCRED_VERSION:
        raise OSError(f"LOCAL_PEERCRED answered with version {version} of xucred, not {_XUCRED_VERSION}")
    return int(uid)
