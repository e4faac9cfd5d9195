"""The lines that wait for one client: each owner's in their order, and the owners in turns.

A session that floods must not delay another one's echo by all that it has printed. So only a little of each owner is in
line to be sent; the rest of it is held beside, and owners with held lines take turns. Pure.
"""

from collections import deque
from collections.abc import Iterator
from itertools import chain, islice
from typing import NamedTuple, Protocol

#: What one owner may have in line before the rest of it is held.
SHARE_BYTES = 32 * 1024

#: What is in line at the most while lines are held: what a new line of a quiet owner has to wait for.
_IN_LINE_BYTES = 64 * 1024


class Owner(Protocol):
    """Whose lines can be replaced by something newer."""

    @property
    def key(self) -> str:
        """Lines of one key keep their order, whoever owns them: a session's, whose owner may be replaced."""

    def take_back(self, before: object) -> None:
        """A line was not sent, nor any of yours after it. `before` is what you gave along with it."""


class Line(NamedTuple):
    """A line that waits. `before` is what its owner gave along with it; without an owner it must arrive."""

    data: bytes | memoryview
    owner: Owner | None
    before: object
    #: Seconds of the connection's clock, and the bytes that its client had taken by then.
    queued_at: float
    taken_before: int


class FairQueue:
    """`bytes` is what waits, `len` how many lines."""

    def __init__(self) -> None:
        self._in_line: deque[Line] = deque()
        self._in_line_bytes = 0
        self._shares: dict[str, int] = {}
        #: By key, the one whose turn is next first.
        self._held: dict[str, deque[Line]] = {}
        self._held_lines = 0
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._in_line) + self._held_lines

    def put(self, line: Line) -> None:
        """Adds a line after its owner's others. One without an owner is sent before what is held of others."""
        size = len(line.data)
        self.bytes += size
        key = None if line.owner is None else line.owner.key
        if key is not None and (key in self._held or self._shares.get(key, 0) >= SHARE_BYTES):
            self._held.setdefault(key, deque()).append(line)
            self._held_lines += 1
        else:
            self._stand_in_line(line)

    def put_last(self, line: Line) -> None:
        """Adds a line after all that wait."""
        for held in self._held.values():
            for waiting in held:
                self._stand_in_line(waiting)
        self._held.clear()
        self._held_lines = 0
        self.bytes += len(line.data)
        self._stand_in_line(line)

    def _stand_in_line(self, line: Line) -> None:
        size = len(line.data)
        self._in_line.append(line)
        self._in_line_bytes += size
        if line.owner is not None:
            key = line.owner.key
            self._shares[key] = self._shares.get(key, 0) + size

    def next(self, most: int) -> list[bytes | memoryview]:
        """What to send next, `most` lines at the most."""
        while self._held and self._in_line_bytes < _IN_LINE_BYTES:
            self._take_turn()
        return [line.data for line in islice(self._in_line, most)]

    def _take_turn(self) -> None:
        key = next(iter(self._held))
        held = self._held.pop(key)
        size = 0
        while held and size < SHARE_BYTES:
            line = held.popleft()
            self._held_lines -= 1
            size += len(line.data)
            self._stand_in_line(line)
        if held:
            self._held[key] = held

    def forget(self, sent: int) -> int:
        """The first `sent` bytes were sent. Returns how many of them were of lines without an owner."""
        self.bytes -= sent
        self._in_line_bytes -= sent
        unowned = 0
        while sent:
            line = self._in_line[0]
            size = min(sent, len(line.data))
            if line.owner is None:
                unowned += size
            else:
                self._give_share_back(line.owner, size)
            if size < len(line.data):
                self._in_line[0] = line._replace(data=memoryview(line.data)[size:])
                break
            sent -= size
            self._in_line.popleft()
        return unowned

    def _give_share_back(self, owner: Owner, size: int) -> None:
        left = self._shares[owner.key] - size
        if left:
            self._shares[owner.key] = left
        else:
            del self._shares[owner.key]

    def oldest(self) -> Line | None:
        """The oldest line that has an owner."""
        firsts = chain(
            islice((line for line in self._in_line if line.owner is not None), 1),
            (held[0] for held in self._held.values()),
        )
        return min(firsts, key=lambda line: line.queued_at, default=None)

    def drop(self) -> list[Line]:
        """Drops every line that has an owner, but for the first in line, some of which may have been sent.

        Returns the first dropped line of each key.
        """
        firsts: dict[str, Line] = {}
        kept: deque[Line] = deque()
        for number, line in enumerate(self._all()):
            if number == 0 or line.owner is None:
                kept.append(line)
            else:
                firsts.setdefault(line.owner.key, line)
        self.clear()
        for line in kept:
            self.bytes += len(line.data)
            self._stand_in_line(line)
        return list(firsts.values())

    def _all(self) -> Iterator[Line]:
        return chain(self._in_line, *self._held.values())

    def clear(self) -> None:
        """Drops everything."""
        self._in_line.clear()
        self._shares.clear()
        self._held.clear()
        self._in_line_bytes = self._held_lines = self.bytes = 0
