"""Reads a session's ring while another process fills it.

By reading the file and not by mapping it: whoever holds the lock may shorten it, and touching a mapping of what is gone
kills a process (SIGBUS). What is stored into a mapping is at once what a read of the file gives: Linux and macOS keep
one copy of both (macOS's unified buffer cache could not be tried here).
"""

import os

from bus.limits import FRAME_BYTES
from bus.ring import HEADER_BYTES, SIGHT_BYTES, sight
from bus.ring_file import RingUnusable, open_to_read


class RingReader:
    """The ring at a path, which may come, go and be replaced; it is opened again when it is another one."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor = -1
        self._epoch = ""
        self._capacity = 0

    def read(self, epoch: str, offset: int, size: int) -> bytes | None:
        """`size` bytes of `epoch` from `offset`, which its writer has said are there. None when they are not, or not
        for certain: they may just be overwritten.
        """
        if (self._descriptor < 0 or epoch != self._epoch) and not self._open(epoch):
            return None
        data = self._copy(offset, size)
        # Looked at after the bytes were read, so whatever was begun to be overwritten before is told by it: a read of
        # the pipe that is under way reserves FRAME_BYTES at the most.
        epoch_now, head, _ = self._look()
        if epoch_now != epoch:
            self._epoch = ""
            return None
        whole = offset >= head + FRAME_BYTES - self._capacity and len(data) == size
        return data if whole else None

    def close(self) -> None:
        """Idempotent. A later `read` opens it again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        self._epoch = ""

    def _open(self, epoch: str) -> bool:
        self.close()
        try:
            self._descriptor = open_to_read(self._path)
        except RingUnusable:
            return False
        found, _, self._capacity = self._look()
        if found != epoch or not self._capacity:
            self.close()
            return False
        self._epoch = epoch
        return True

    def _look(self) -> tuple[str, int, int]:
        try:
            return sight(os.pread(self._descriptor, SIGHT_BYTES, 0))
        except OSError:
            return "", 0, 0

    def _copy(self, offset: int, size: int) -> bytes:
        start = offset % self._capacity
        first = min(size, self._capacity - start)
        try:
            data = os.pread(self._descriptor, first, HEADER_BYTES + start)
            if first < size:
                data += os.pread(self._descriptor, size - first, HEADER_BYTES)
        except OSError:
            return b""
        return data
