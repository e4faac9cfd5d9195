"""A session's recent bytes in a mapped file that outlives whoever reads the pipe: kill -9 loses none of them.

One process at a time, the holder of the file's lock (`bus.ring_file`), reads iTerm2's pipe straight into the mapping:
the PTY worker, and the shim while there is no worker. Standard library only, and little of it: the shim imports this.

A killed process dies most often inside the read, after the kernel took bytes out of the pipe and before the head was
moved. So a read is announced before it happens, in steps that each leave the file true (`fill`), and the next reader
finds out whether it happened (`settle`): as nobody else reads, a read of what waits is whole or was not.

What is left open is a kill that meets the kernel inside the copy itself, at a page that it has to fetch first: one end
of the region is new and the other old. That is seen, and begins a new epoch; it loses at most FRAME_BYTES.
"""

import fcntl
import mmap
import os
import sys
import termios
from binascii import crc32

from bus.limits import FRAME_BYTES

#: The file's header; the stream's bytes follow it.
HEADER_BYTES = 4096

_MAGIC_NUMBER = int.from_bytes(b"itermbus", sys.byteorder)
_FORMAT = 1

# The header's words, 8 bytes each in the machine's order. One word is stored by one instruction (memoryview's "Q" is a
# memcpy of 8 aligned bytes, CPython Objects/memoryobject.c: pack_single), so a kill leaves it old or new.
_MAGIC, _VERSION, _CAPACITY, _CHECKSUM = range(4)
_EPOCH = 4  # 4 words, padded with NUL
_HEAD, _HEAD_CHECK, _FLOOR, _RESERVED, _INTENT, _BASE = range(8, 14)
_SENTINEL = 14  # 4 words
HEAD_PLACE = _HEAD * 8

#: As much of the header as `sight` reads.
SIGHT_BYTES = (_HEAD + 1) * 8
_SIZED_AT, _SIZE, _STOPPED, _MENDED = range(18, 22)

_EPOCH_BYTES = 32
_SENTINEL_BYTES = 32
_END_BYTES = _SENTINEL_BYTES // 2
_WORD_MASK = (1 << 64) - 1

#: Any byte -> one of 0xF8 to 0xFF, which no UTF-8 text holds.
_UNLIKELY = bytes(0xF8 | byte & 7 for byte in range(256))

#: Two places for the worker's note: one stays whole while the other is written.
_NOTES = (1024, 2560)
NOTE_BYTES = 1536 - 16

#: Looks at bytes that were overtaken while they were copied, before a reader is told that they are gone.
_READ_ATTEMPTS = 3


class PipeEnded(Exception):
    """iTerm2 closed its end: the coprocess was stopped, the session ended, or iTerm2 did."""


def waiting(pipe: int) -> int:
    """How many bytes wait in a pipe (FIONREAD, on Linux and macOS alike). Raises `OSError`."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def new_epoch() -> str:
    """A name for a stretch of the stream in which no byte was missed."""
    return os.urandom(8).hex()


def sight(header: bytes) -> tuple[str, int, int]:
    """The epoch, the head and the capacity that a header's first SIGHT_BYTES tell to a reader in another process.

    The epoch is empty when there is no stream to read.
    """
    if len(header) < SIGHT_BYTES:
        return "", 0, 0
    words = memoryview(header)[:SIGHT_BYTES].cast("Q")
    if words[_MAGIC] != _MAGIC_NUMBER or words[_VERSION] != _FORMAT:
        return "", 0, 0
    name = header[_EPOCH * 8 : _EPOCH * 8 + _EPOCH_BYTES].rstrip(b"\0")
    return name.decode("ascii", "replace"), words[_HEAD], words[_CAPACITY]


class Ring:
    """The newest `capacity` bytes of a stream. `epoch` names the stream that its offsets count in."""

    def __init__(self, descriptor: int) -> None:
        """Takes over an open and locked file, which has room for a header and more; see `bus.ring_file.open_ring`.

        `epoch` is empty when the file is new or damaged; then it has to be restarted. `damage` says what is wrong, in
        words. Raises `OSError` when it cannot be mapped.
        """
        self._descriptor = descriptor
        self._map()
        self.damage = self._find_damage()
        self.epoch = "" if self.damage else self._stored_epoch()

    def _map(self) -> None:
        self._memory = mmap.mmap(self._descriptor, os.fstat(self._descriptor).st_size)
        self._all = memoryview(self._memory)
        self._words = self._all[:HEADER_BYTES].cast("Q")
        self._bytes = self._all[HEADER_BYTES:]
        self.capacity = len(self._bytes)

    def close(self) -> None:
        """Lets go of the file, and so of its lock."""
        self._unmap()
        os.close(self._descriptor)

    def _unmap(self) -> None:
        for view in (self._words, self._bytes, self._all):
            view.release()
        self._memory.close()

    # --- what it holds ---

    @property
    def head(self) -> int:
        """The offset of the next byte that will come."""
        return self._words[_HEAD]

    @property
    def tail(self) -> int:
        """The offset of the oldest byte that is still whole. A read that is under way counts as done."""
        return max(self._words[_FLOOR], self._words[_HEAD] + self._words[_RESERVED] - self.capacity)

    @property
    def sized_at(self) -> int:
        """Where the newest size change took effect, 0 without one."""
        return self._words[_SIZED_AT]

    def set_size(self, columns: int, rows: int) -> bool:
        """From the head on the screen has this size, in cells. False when it had it before."""
        size = columns << 32 | rows
        if self._words[_SIZE] == size:
            return False
        self._words[_SIZED_AT] = self._words[_HEAD]
        self._words[_SIZE] = size
        return True

    @property
    def stopped(self) -> bool:
        """Whether the user stopped the coprocess while there was no worker to tell."""
        return bool(self._words[_STOPPED])

    @stopped.setter
    def stopped(self, stopped: bool) -> None:
        self._words[_STOPPED] = stopped

    @property
    def mended(self) -> bool:
        """Whether this epoch began because the ring was damaged, and nobody has said so yet."""
        return bool(self._words[_MENDED])

    @mended.setter
    def mended(self, mended: bool) -> None:
        self._words[_MENDED] = mended

    def read(self, offset: int, size: int) -> tuple[int, bytes]:
        """The bytes from `offset`, `size` of them at most, and the offset at which they really begin.

        That is `tail` for an offset that the ring has lost, or loses while it is read, and `head`, with no bytes, for
        one not reached yet.
        """
        for _ in range(_READ_ATTEMPTS):
            begin = min(max(offset, self.tail), self.head)
            data = self._copy(begin, min(size, self.head - begin))
            if begin >= self.tail:
                return begin, data
        return self.tail, b""

    def _copy(self, offset: int, size: int) -> bytes:
        return b"".join(self._places(offset, size))

    def _places(self, offset: int, size: int) -> list[memoryview]:
        """Where `size` bytes from `offset` are: one place, or two where the ring wraps around."""
        start = offset % self.capacity
        first = min(size, self.capacity - start)
        places = [self._bytes[start : start + first]]
        if size > first:
            places.append(self._bytes[: size - first])
        return places

    def _store(self, offset: int, data: bytes) -> None:
        for place in self._places(offset, len(data)):
            place[:] = data[: len(place)]
            data = data[len(place) :]

    # --- the stream ---

    def restart(self, epoch: str, capacity: int | None = None) -> None:
        """Begins a new stream: offsets count from 0 again, and nothing of the old one can be read.

        `epoch` is ASCII, 32 bytes at most. With a `capacity` the file gets that size; then this raises `OSError` when
        there is no room for it.
        """
        self._words[_MAGIC] = 0
        if capacity is not None and capacity != self.capacity:
            self._resize(capacity)
        name = epoch.encode("ascii")
        if not 0 < len(name) <= _EPOCH_BYTES:
            raise ValueError("an epoch's name has 1 to 32 bytes")
        self._all[_EPOCH * 8 : HEADER_BYTES] = name.ljust(HEADER_BYTES - _EPOCH * 8, b"\0")
        words = self._words
        words[_VERSION], words[_CAPACITY] = _FORMAT, self.capacity
        words[_HEAD_CHECK] = _WORD_MASK
        words[_MENDED] = bool(self.damage)
        words[_CHECKSUM] = self._checksum()
        words[_MAGIC] = _MAGIC_NUMBER
        self.epoch, self.damage = epoch, ""

    def _resize(self, capacity: int) -> None:
        self._unmap()
        allocate(self._descriptor, capacity)
        self._map()

    def fill(self, pipe: int, size: int) -> int:
        """Reads `size` bytes, FRAME_BYTES at most, from the non-blocking `pipe` and moves the head over them.

        `size` is what `waiting` says, or 1 to learn of an end. Returns how many came; 0 when none wait. Raises
        `PipeEnded`.
        """
        words, base = self._words, self._words[_HEAD]
        size = min(size, FRAME_BYTES, self.capacity)
        # From here on the region's old bytes are gone for readers of the ring.
        words[_RESERVED] = size
        sentinel = os.urandom(min(size, _SENTINEL_BYTES)).translate(_UNLIKELY)
        self._all[_SENTINEL * 8 : _SENTINEL * 8 + len(sentinel)] = sentinel
        self._store(base, sentinel[:_END_BYTES])
        if last := sentinel[_END_BYTES:]:
            self._store(base + size - len(last), last)
        words[_BASE] = base
        words[_INTENT] = size
        try:
            got = os.readv(pipe, self._places(base, size))
        except BlockingIOError:
            self._take_back()
            return 0
        except OSError as error:
            self._take_back()
            raise PipeEnded(error.strerror) from None
        if got == 0:
            self._take_back()
            raise PipeEnded("end of file")
        self._commit(got)
        return got

    def _commit(self, size: int) -> None:
        words = self._words
        head = words[_HEAD] + size
        words[_HEAD] = head
        words[_HEAD_CHECK] = head ^ _WORD_MASK
        self._clear_intent()

    def _take_back(self) -> None:
        """The read did not happen, but the sentinels lie where the oldest bytes were."""
        self._words[_FLOOR] = self.tail
        self._clear_intent()

    def _clear_intent(self) -> None:
        self._words[_INTENT] = 0
        self._words[_RESERVED] = 0

    def settle(self, pipe: int) -> bool:
        """Ends a read that a killed process had begun on `pipe`, before anything else is read from it.

        False, and `damage` says so, when it cannot be known whether it happened: then only a new epoch is true.
        """
        words = self._words
        size, base = words[_INTENT], words[_BASE]
        if not size:
            if words[_RESERVED]:
                self._take_back()
        elif words[_HEAD] == base:
            happened = self._happened(base, size, pipe)
            if happened is None:
                self.damage = "a read was cut off, and nobody can say what it brought"
                return False
            if happened:
                self._commit(size)
            else:
                self._take_back()
        else:
            words[_HEAD_CHECK] = words[_HEAD] ^ _WORD_MASK
            self._clear_intent()
        return True

    def _happened(self, base: int, size: int, pipe: int) -> bool | None:
        """Whether an announced read was carried out; None when its traces contradict each other."""
        first = min(size, _END_BYTES)
        last = min(size - first, _END_BYTES)
        sentinel = bytes(self._all[_SENTINEL * 8 : _SENTINEL * 8 + first + last])
        begins_new = self._copy(base, first) != sentinel[:first]
        ends_new = self._copy(base + size - last, last) != sentinel[first:]
        # What had waited still waits if nobody took it: the second witness, which short reads need, as a byte or two
        # of binary output may look like a sentinel.
        taken = waiting(pipe) < size
        if size <= _SENTINEL_BYTES:
            return begins_new or ends_new or taken
        if begins_new != ends_new or (taken and not begins_new):
            return None
        return begins_new

    # --- the worker's note ---

    def note(self, data: bytes) -> None:
        """Keeps up to NOTE_BYTES for the next worker, in place of what was noted before; whole or not at all."""
        newest = max(self._all[place : place + 8].cast("Q")[0] for place in _NOTES)
        place = _NOTES[(newest + 1) % 2]
        self._all[place + 16 : place + 16 + len(data)] = data
        words = self._all[place : place + 16].cast("Q")
        words[1] = len(data) << 32 | crc32(data)
        words[0] = newest + 1

    def noted(self) -> bytes:
        """What was noted last in this epoch; empty when nothing was, or when it is damaged."""
        found = (0, b"")
        for place in _NOTES:
            number, sum_and_size = self._all[place : place + 16].cast("Q")
            size = sum_and_size >> 32
            data = bytes(self._all[place + 16 : place + 16 + min(size, NOTE_BYTES)])
            if number > found[0] and crc32(data) == sum_and_size & 0xFFFFFFFF:
                found = number, data
        return found[1]

    # --- its header ---

    def _find_damage(self) -> str:
        """What is wrong, in words; empty when nothing is, or nothing was ever written, or a new one was being made."""
        words = self._words
        if not words[_MAGIC]:
            return ""
        if words[_MAGIC] != _MAGIC_NUMBER:
            return "it is not a ring"
        if words[_VERSION] != _FORMAT:
            return f"its format is {words[_VERSION]}, and this version reads {_FORMAT}"
        if words[_CAPACITY] != self.capacity:
            return f"its header says {words[_CAPACITY]} bytes, and it has {self.capacity}"
        if words[_CHECKSUM] != self._checksum() or not self._stored_epoch():
            return "its header is not what was written"
        if not self._counts_are_true():
            return "its offsets contradict each other"
        return ""

    def _counts_are_true(self) -> bool:
        words = self._words
        head, check, size, base = words[_HEAD], words[_HEAD_CHECK] ^ _WORD_MASK, words[_INTENT], words[_BASE]
        if max(words[_FLOOR], words[_SIZED_AT]) > head or max(size, words[_RESERVED]) > min(FRAME_BYTES, self.capacity):
            return False
        if not size:
            return head == check
        # Announced, not yet moved; or moved, and killed before the announcement was taken back.
        return (head == base or head == base + size) and check in (head, base)

    def _checksum(self) -> int:
        return crc32(self._all[_VERSION * 8 : _CHECKSUM * 8], crc32(self._all[_EPOCH * 8 : _EPOCH * 8 + _EPOCH_BYTES]))

    def _stored_epoch(self) -> str:
        if not self._words[_MAGIC]:
            return ""
        name = bytes(self._all[_EPOCH * 8 : _EPOCH * 8 + _EPOCH_BYTES]).rstrip(b"\0")
        return name.decode("ascii", "replace") if name.isalnum() else ""


def allocate(descriptor: int, capacity: int) -> None:
    """Gives an open file room for a header and `capacity` bytes, all zero. Raises `OSError` when there is none.

    Every block is written: a store into a hole for which the disk has no room would kill the process (SIGBUS).
    """
    os.ftruncate(descriptor, 0)
    zeros = bytes(FRAME_BYTES)
    end = HEADER_BYTES + capacity
    place = 0
    while place < end:
        place += os.pwrite(descriptor, zeros[: end - place], place)
