"""Bytes on their way into a descriptor that takes only some at a time."""

import os
from collections import deque

#: Pieces per writev; far below the system's limit of 1024.
_PIECES = 64


class OutBuffer:
    """A queue of bytes with counters. Unbounded, as iTerm2's are; its size can be read at any time."""

    def __init__(self) -> None:
        self._pieces: deque[bytes | memoryview] = deque()
        self.size = 0
        self.peak = 0
        self.written = 0

    def append(self, data: bytes) -> None:
        """Queues `data`."""
        self._pieces.append(data)
        self.size += len(data)
        self.peak = max(self.peak, self.size)

    def clear(self) -> int:
        """Drops everything; the number of bytes dropped."""
        dropped, self.size = self.size, 0
        self._pieces.clear()
        return dropped

    def write_to(self, fd: int) -> None:
        """Writes once, as much as `fd` takes; raises OSError as os.writev does, BlockingIOError excepted."""
        pieces = [self._pieces[index] for index in range(min(_PIECES, len(self._pieces)))]
        try:
            count = os.writev(fd, pieces)
        except BlockingIOError:
            return
        self.size -= count
        self.written += count
        while count:
            piece = self._pieces.popleft()
            if count < len(piece):
                self._pieces.appendleft(memoryview(piece)[count:])
                return
            count -= len(piece)
