"""A session's bytes -> the pieces that a dialect 1 client may be sent. Pure.

Queries are taken out, and no piece ends inside a character or inside a sequence that may become a query. The feed
counts in the session's own offsets: `position` is where everything before has been given out or taken out.
"""

from bus.position import Position
from workers.gateway.queries import unfinished_at, without_queries
from workers.gateway.utf8 import cut_before, incomplete_tail
from workers.gateway.wire import DATA_BYTES


class Feed:
    """Takes a session's bytes in order, from `start` on."""

    def __init__(self, start: Position) -> None:
        self._epoch, self._offset = start
        self._held = b""

    @property
    def position(self) -> Position:
        """The position of the first byte that was neither given out nor taken out."""
        return Position(self._epoch, self._offset)

    @property
    def expected(self) -> Position:
        """The position of the next byte to take."""
        return Position(self._epoch, self._offset + len(self._held))

    @property
    def holds_character(self) -> bool:
        """Whether what is held back is only the beginning of a character, which is not waited for long."""
        return bool(self._held) and self._held[0] != 0x1B

    def take(self, data: bytes) -> list[bytes]:
        """The pieces, `DATA_BYTES` at most each, that can be sent once `data` has come."""
        data = self._held + data if self._held else data
        end = unfinished_at(data)
        if end == len(data):
            end -= incomplete_tail(data, end)
        return self._give(data, end)

    def flush(self) -> list[bytes]:
        """What is held back, after all."""
        return self._give(self._held, len(self._held))

    def _give(self, data: bytes, end: int) -> list[bytes]:
        self._held = data[end:]
        self._offset += end
        return _pieces(without_queries(data[:end]))


def _pieces(data: bytes) -> list[bytes]:
    pieces, start = [], 0
    while start < len(data):
        end = cut_before(data, start + DATA_BYTES)
        pieces.append(data[start:end])
        start = end
    return pieces
