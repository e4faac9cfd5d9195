"""The scrollback: the lines that left the top of the main screen."""

from collections import deque

from headless.emulator.cells import Line, StoredLine, Style

#: What "unlimited scrollback" means here: a host that runs for months must not fill memory.
UNLIMITED_LINES = 100_000


class History:
    """The last `limit` lines, and how many older ones were dropped (GetProperty's `overflow`)."""

    def __init__(self, limit: int) -> None:
        self.limit = max(0, min(limit, UNLIMITED_LINES))
        self.lines: deque[StoredLine] = deque()
        self.overflow = 0

    def append(self, line: Line) -> None:
        """Stores a line that scrolled off."""
        self.lines.append(line.store())
        if len(self.lines) > self.limit:
            self.trim()

    def extend_plain(self, texts: list[str], style: Style) -> None:
        """Stores lines of ASCII of one style; those that would be dropped at once are only counted."""
        surplus = max(0, len(texts) - self.limit)
        self.overflow += surplus
        self.lines.extend(StoredLine(text, ((style, len(text)),) if text else (), False) for text in texts[surplus:])
        self.trim()

    def replace(self, lines: list[StoredLine]) -> None:
        """Puts rewrapped lines in place of the old ones."""
        self.lines = deque(lines)
        self.trim()

    def clear(self) -> None:
        """Forgets all lines; absolute line numbers are never used twice, so they count as overflow."""
        self.overflow += len(self.lines)
        self.lines.clear()

    def trim(self) -> None:
        """Drops the oldest lines past the limit."""
        while len(self.lines) > self.limit:
            self.lines.popleft()
            self.overflow += 1
