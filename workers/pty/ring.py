"""The ring of a session's recent bytes, addressed by offset.

The reader of the pipe writes straight into it: `room` gives the places, `commit` moves the head. It lives in
memory, so a worker's end is the end of its epoch.
"""

import mmap
from typing import NamedTuple

from bus.position import Position


class RingStatistics(NamedTuple):
    """Where the ring stands, in bytes: it holds those from `tail` up to `head`."""

    capacity: int
    tail: int
    head: int


class Ring:
    """`capacity` bytes of a stream, the newest ones. `epoch` names the stream that its offsets count in."""

    def __init__(self, capacity: int, epoch: str) -> None:
        self._memory = mmap.mmap(-1, capacity)
        self._view = memoryview(self._memory)
        self._capacity = capacity
        self._head = 0
        self._tail = 0
        self.epoch = epoch

    def restart(self, epoch: str) -> None:
        """Begins a new stream: offsets count from 0 again, and nothing of the old one can be read."""
        self.epoch = epoch
        self._head = self._tail = 0

    @property
    def head(self) -> Position:
        """The position of the next byte that will come."""
        return Position(self.epoch, self._head)

    def room(self, size: int) -> list[memoryview]:
        """Where the next bytes go, `size` of them at most: one place, or two where the ring wraps around."""
        start = self._head % self._capacity
        first = min(size, self._capacity - start)
        places = [self._view[start : start + first]]
        if rest := min(size, self._capacity) - first:
            places.append(self._view[:rest])
        return places

    def commit(self, size: int) -> None:
        """Moves the head over `size` bytes that were written into `room`."""
        self._head += size
        self._tail = max(self._tail, self._head - self._capacity)

    def read(self, offset: int, size: int) -> tuple[int, bytes]:
        """The bytes from `offset`, `size` of them at most, and the offset at which they really begin.

        That is `tail` for an offset that the ring has lost, and `head`, with no bytes, for one not reached yet.
        """
        begin = min(max(offset, self._tail), self._head)
        length = min(size, self._head - begin)
        start = begin % self._capacity
        first = min(length, self._capacity - start)
        return begin, bytes(self._view[start : start + first]) + bytes(self._view[: length - first])

    def statistics(self) -> RingStatistics:
        return RingStatistics(self._capacity, self._tail, self._head)

    def close(self) -> None:
        self._view.release()
        self._memory.close()
