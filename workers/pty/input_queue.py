"""Input on its way into the session: bounded, in order, and every piece of it answered.

A program that does not read its terminal stops the pipe (iTerm2 takes from it only while fewer than 10240 bytes
wait for the PTY, sources/Tasks/TaskNotifier.m:190). What arrives then waits here up to a bound, and until its
sender's deadline; past either it is refused.
"""

from collections import deque
from collections.abc import Callable

from msgspec import Struct

from bus.errors import Busy, NotAttached, RequestError
from bus.limits import INPUT_BACKLOG_BYTES

#: Told once for each piece: how many of its bytes were written, or why none was.
Answer = Callable[[int | RequestError], None]


class _Piece(Struct):
    rest: memoryview
    size: int
    deadline: float
    answer: Answer

    @property
    def written(self) -> int:
        return self.size - len(self.rest)


class InputQueue:
    """Pieces of input in the order of their arrival."""

    def __init__(self, limit: int = INPUT_BACKLOG_BYTES) -> None:
        self._pieces: deque[_Piece] = deque()
        self._limit = limit
        self.waiting_bytes = 0
        #: Since the beginning: pieces taken, pieces refused or given up, bytes written.
        self.taken = 0
        self.refused = 0
        self.written_bytes = 0

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def put(self, data: bytes, deadline: float, answer: Answer) -> None:
        """Adds a piece. `deadline` is seconds since 1970. Raises `Busy` when it does not fit."""
        if self.waiting_bytes + len(data) > self._limit:
            self.refused += 1
            raise Busy("the program in this session does not read its input, and what may wait for it is full")
        self._pieces.append(_Piece(memoryview(data), len(data), deadline, answer))
        self.waiting_bytes += len(data)
        self.taken += 1

    def flush(self, write: Callable[[memoryview], int]) -> None:
        """Writes until `write` takes no more. Raises what `write` raises; then call `refuse_all`."""
        while self._pieces:
            piece = self._pieces[0]
            size = write(piece.rest) if piece.rest else 0
            self.waiting_bytes -= size
            self.written_bytes += size
            piece.rest = piece.rest[size:]
            if piece.rest:
                return
            self._pieces.popleft()
            piece.answer(piece.size)

    def expire(self, now: float) -> None:
        """Gives up on pieces past their deadline: what was not yet written of them never will be."""
        kept: deque[_Piece] = deque()
        for piece in self._pieces:
            if now <= piece.deadline:
                kept.append(piece)
                continue
            self.waiting_bytes -= len(piece.rest)
            self.refused += 1
            refusal = Busy("the program in this session did not read its input in time; nothing was written")
            piece.answer(piece.written or refusal)
        self._pieces = kept

    def refuse_all(self) -> None:
        """The pipe is gone: answers every piece with what was written of it, or `NotAttached`."""
        pieces, self._pieces = self._pieces, deque()
        self.waiting_bytes = 0
        self.refused += len(pieces)
        for piece in pieces:
            piece.answer(piece.written or NotAttached("the session's coprocess has ended; nothing was written"))
