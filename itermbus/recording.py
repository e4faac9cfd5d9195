"""A session's stream as an asciicast: the screen first, then what is printed, sizes, prompts, and gaps by name."""

import time
from collections.abc import Callable
from typing import IO

from bus.messages.layout import Session
from itermbus.asciicast import AsciicastWriter
from itermbus.gateway_messages import AnyMessage, Closed, Data, Error, Gap, Prompt, Size, Snapshot


class Recorder:
    """Takes a follower's messages and writes them; the file begins with the first screen.

    `closed`: the session has ended. `bytes`, `gaps`, `marks`, `typed` bytes: what was written so far.
    """

    def __init__(self, file: IO[str], session: Session, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._session = session
        self._clock = clock
        self._writer: AsciicastWriter | None = None
        self._started = 0.0
        self._repaint = b""
        self._size = (0, 0)
        self.closed = False
        self.problem = ""
        self.bytes = 0
        self.marks = 0
        self.typed = 0
        self.gaps: list[tuple[int, int]] = []

    @property
    def seconds(self) -> float:
        """Since the first screen."""
        return self._clock() - self._started if self._writer is not None else 0.0

    def take(self, message: AnyMessage) -> None:
        """Writes what a message says. What comes before the first screen is on it."""
        match message:
            case Snapshot():
                self._screen(message)
            case Closed():
                self.closed = True
            case Error():
                self.problem = message.message
            case _ if self._writer is not None:
                self._event(self._writer, message)

    def take_input(self, data: bytes) -> None:
        """Writes what was typed. What comes before the first screen is no part of the recording."""
        if self._writer is not None:
            self.typed += len(data)
            self._writer.input(self.seconds, data)

    def finish(self) -> None:
        """Writes what is left, and gives it to the file."""
        if self._writer is not None:
            self._writer.end(self.seconds)
        self.flush()

    def flush(self) -> None:
        """Gives it to the file, so that a kill costs nothing of what was taken."""
        self._file.flush()

    def _screen(self, snapshot: Snapshot) -> None:
        self._repaint += snapshot.data
        if snapshot.more:
            return
        size = (snapshot.columns, snapshot.rows)
        if self._writer is None:
            self._writer = self._begin(*size)
        elif size != self._size:
            self._writer.resize(self.seconds, *size)
        self._size = size
        self._writer.screen(self.seconds, self._repaint)
        self._repaint = b""

    def _begin(self, columns: int, rows: int) -> AsciicastWriter:
        self._started = self._clock()
        return AsciicastWriter(
            self._file,
            columns=columns,
            rows=rows,
            timestamp=int(time.time()),
            title=self._session.title,
            term="xterm-256color",
        )

    def _event(self, writer: AsciicastWriter, message: AnyMessage) -> None:
        now = self.seconds
        match message:
            case Data(data=data):
                self.bytes += len(data)
                writer.output(now, data)
            case Size(columns=columns, rows=rows) if (columns, rows) != self._size:
                self._size = (columns, rows)
                writer.resize(now, columns, rows)
            case Prompt():
                self.marks += 1
                writer.mark(now, _label(message))
            case Gap(start=start, end=end):
                self.gaps.append((start, end))
                self._repaint = b""
                writer.mark(now, f"gap: {end - start} bytes are missing")


def _label(prompt: Prompt) -> str:
    if prompt.state == "running" and prompt.command:
        return f"running: {prompt.command}"
    if prompt.state == "finished" and prompt.status is not None:
        return f"finished: {prompt.status}"
    return prompt.state
