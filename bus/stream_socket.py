"""Receiving from a non-blocking stream socket."""

import socket

#: Small enough that malloc does not ask the kernel for it each time, which costs 30 us (mallopt(3): M_MMAP_THRESHOLD).
_RECEIVE_BYTES = 64 * 1024


def receive(connected: socket.socket) -> bytes | None:
    """What has come, 64 KiB at most: None when nothing has, and nothing at all (`b""`) once the other end has gone."""
    try:
        return connected.recv(_RECEIVE_BYTES)
    except BlockingIOError:
        return None
    except OSError:
        return b""
