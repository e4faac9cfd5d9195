"""Who is at the other end of an accepted Unix socket."""

import os
import socket
import struct
import sys

#: `struct xucred` of macOS: version, uid, number of groups and more; only the first two matter here.
_XUCRED_SIZE = 76
_SOL_LOCAL = 0
_LOCAL_PEERCRED = 1


def peer_uid(connection: socket.socket) -> int:
    """The effective uid that connected; raises OSError when the system does not tell."""
    if sys.platform == "darwin":
        credentials = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED_SIZE)
        _version, uid = struct.unpack_from("II", credentials)
        return int(uid)
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _pid, uid, _gid = struct.unpack("3i", credentials)
    return int(uid)


def is_own_user(connection: socket.socket) -> bool:
    """Whether the peer runs as the host's own user (iTerm2 sources/API/iTermAPIServer.m:517)."""
    try:
        return peer_uid(connection) == os.geteuid()
    except OSError:
        return False
