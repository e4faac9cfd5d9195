"""A session's bytes -> lines, in the ways in which clients may get them. Pure.

An encoder takes a stream's bytes in order and gives items: a line each, and which of the stream's bytes it stands for.
"""

import enum
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from bus.position import Position
from workers.gateway import dialect1
from workers.gateway.dialect2_lines import data_line
from workers.gateway.dialect2_messages import PIECE_BYTES
from workers.gateway.feed import Feed
from workers.gateway.queries import query_spans, unfinished_at, without_queries


class Item(NamedTuple):
    """A line with the bytes from `offset` up to `next`."""

    offset: int
    next: int
    line: bytes


class Encoder(Protocol):
    """Takes a stream's bytes from some position on."""

    @property
    def position(self) -> Position:
        """The position of the first byte that no item stands for yet."""

    @property
    def expected(self) -> Position:
        """The position of the next byte to take."""

    @property
    def holds_character(self) -> bool:
        """Whether what is held back is only the beginning of a character, which is not waited for long."""

    def take(self, data: bytes) -> list[Item]:
        """What can be sent once `data` has come."""

    def flush(self) -> list[Item]:
        """What is held back, after all."""


class Encoding(enum.Enum):
    """The ways. Clients of one way share the lines."""

    DIALECT1 = enum.auto()
    RAW = enum.auto()
    STRIPPED = enum.auto()

    def encoder(self, session_id: str, start: Position) -> Encoder:
        match self:
            case Encoding.DIALECT1:
                return Dialect1Encoder(session_id, start)
            case Encoding.RAW:
                return RawEncoder(session_id, start)
            case Encoding.STRIPPED:
                return StrippedEncoder(session_id, start)


class Dialect1Encoder:
    """Whole characters, without queries."""

    def __init__(self, session_id: str, start: Position) -> None:
        self._session_id = session_id
        self._feed = Feed(start)

    @property
    def position(self) -> Position:
        return self._feed.position

    @property
    def expected(self) -> Position:
        return self._feed.expected

    @property
    def holds_character(self) -> bool:
        return self._feed.holds_character

    def take(self, data: bytes) -> list[Item]:
        return self._items(self._feed.position.offset, self._feed.take(data))

    def flush(self) -> list[Item]:
        return self._items(self._feed.position.offset, self._feed.flush())

    def _items(self, offset: int, pieces: list[bytes]) -> list[Item]:
        # Nobody resumes in dialect 1, so the pieces of one run need no offsets of their own.
        end = self._feed.position.offset
        return [Item(offset, end, dialect1.terminal_data(self._session_id, piece)) for piece in pieces]


class RawEncoder:
    """The bytes as they are; nothing is ever held back."""

    holds_character = False

    def __init__(self, session_id: str, start: Position) -> None:
        self._session_id = session_id
        self._epoch, self._offset = start

    @property
    def position(self) -> Position:
        return Position(self._epoch, self._offset)

    @property
    def expected(self) -> Position:
        return self.position

    def take(self, data: bytes) -> list[Item]:
        items = []
        for start in range(0, len(data), PIECE_BYTES):
            piece = data[start : start + PIECE_BYTES]
            begin, end = self._offset, self._offset + len(piece)
            items.append(Item(begin, end, data_line(self._session_id, self._epoch, begin, end, piece)))
            self._offset = end
        return items

    def flush(self) -> list[Item]:
        return []


class StrippedEncoder:
    """Without queries; the beginning of what may become one is held back. Offsets count the queries."""

    holds_character = False

    def __init__(self, session_id: str, start: Position) -> None:
        self._session_id = session_id
        self._epoch, self._offset = start
        self._held = b""

    @property
    def position(self) -> Position:
        return Position(self._epoch, self._offset)

    @property
    def expected(self) -> Position:
        return Position(self._epoch, self._offset + len(self._held))

    def take(self, data: bytes) -> list[Item]:
        data = self._held + data if self._held else data
        end = unfinished_at(data)
        self._held = data[end:]
        return self._items(data[:end])

    def flush(self) -> list[Item]:
        held, self._held = self._held, b""
        return self._items(held)

    def _items(self, data: bytes) -> list[Item]:
        items = []
        for start, stop in _cuts(data):
            begin, end = self._offset, self._offset + stop - start
            line = data_line(self._session_id, self._epoch, begin, end, without_queries(data[start:stop]))
            items.append(Item(begin, end, line))
            self._offset = end
        return items


def _cuts(data: bytes) -> Iterator[tuple[int, int]]:
    """Ranges of about `PIECE_BYTES` that no query lies across."""
    spans = query_spans(data)
    start = 0
    while start < len(data):
        stop = min(start + PIECE_BYTES, len(data))
        stop = next((end for begin, end in spans if begin < stop < end), stop)
        yield start, stop
        start = stop
