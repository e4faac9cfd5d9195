"""The file of a session's ring: opened safely, locked, checked. Standard library only: the shim imports this.

The lock decides who reads the session's pipe: whoever holds it, nobody else. The kernel frees it when its holder dies.
"""

import fcntl
import os
import stat
import sys

from bus.ring import HEAD_PLACE, HEADER_BYTES, Ring, allocate

#: A file that was replaced under its name while it was being locked is opened again this often.
_ATTEMPTS = 8

#: A file of more than this is no ring of ours (worker.ring_bytes allows 1 GiB).
_MOST_BYTES = 1 << 30


class RingBusy(Exception):
    """Another process holds the lock, and so reads the pipe."""


class RingUnusable(Exception):
    """The file cannot be used at all: it is another user's, open to others, no file, or there is no room."""


def open_ring(path: str, capacity: int) -> Ring:
    """The ring at `path`, locked. A missing file is made, mode 0600, with `capacity` bytes.

    A new or damaged ring has no epoch and has to be restarted. Raises `RingBusy`, `RingUnusable`.
    """
    descriptor = _open_locked(path)
    try:
        if not 0 < os.fstat(descriptor).st_size - HEADER_BYTES <= _MOST_BYTES:
            allocate(descriptor, capacity)
        return Ring(descriptor)
    except OSError as error:
        os.close(descriptor)
        raise RingUnusable(f"{path}: {error.strerror}") from None


def head_of(path: str) -> int:
    """The head of the ring at `path`, without its lock: whether somebody reads on. -1 when there is none.

    By reading the file, not by mapping it: whoever holds the lock may shorten it.
    """
    try:
        descriptor = open_to_read(path)
    except RingUnusable:
        return -1
    try:
        return int.from_bytes(os.pread(descriptor, 8, HEAD_PLACE), sys.byteorder)
    except OSError:
        return -1
    finally:
        os.close(descriptor)


def open_to_read(path: str) -> int:
    """A descriptor of the file at `path`, without its lock. Raises `RingUnusable`, also when there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise RingUnusable(f"{path}: {error.strerror}") from None
    try:
        _check_private(path, descriptor)
    except RingUnusable:
        os.close(descriptor)
        raise
    return descriptor


def _open_locked(path: str) -> int:
    for _ in range(_ATTEMPTS):
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        except OSError as error:
            raise RingUnusable(f"{path}: {error.strerror}") from None
        try:
            _check_private(path, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(path, descriptor):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            raise RingBusy(path) from None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
    raise RingUnusable(f"{path}: it is replaced again and again")


def _check_private(path: str, descriptor: int) -> None:
    """Terminal contents are in it, and what is in it is shown: it must be ours alone."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise RingUnusable(f"{path}: it is not a file")
    if status.st_uid != os.geteuid():
        raise RingUnusable(f"{path}: it belongs to user {status.st_uid}")
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise RingUnusable(f"{path}: others can read or write it")


def _is_at(path: str, descriptor: int) -> bool:
    """Whether the file is still the one at `path`: the broker removes it with its session."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False
