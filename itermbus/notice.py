"""A line that is laid over the screen for a moment."""

import time
from collections.abc import Callable

from bus.log_lines import one_line

#: Seconds that a notice stays.
_STAYS = 2.5


class Notice:
    """Writes text into the last row, and tells when the screen under it has to be shown again."""

    def __init__(self, write: Callable[[bytes], None], rows: Callable[[], tuple[int, int]]) -> None:
        self._write = write
        self._size = rows
        self._until: float | None = None

    @property
    def seconds_left(self) -> float | None:
        """Until `ended` is to be asked; None without a notice."""
        return None if self._until is None else max(0.0, self._until - time.monotonic())

    def show(self, text: str) -> None:
        """Shows `text`, in place of another."""
        columns, rows = self._size()
        cut = one_line(text)[: columns - 1]
        # CAN ends a sequence that is only half there; the rest is as a save and a restore of the cursor.
        self._write(b"\x18\x1b7\x1b[%d;1H\x1b[0;7m\x1b[2K%s\x1b[0m\x1b8" % (rows, cut.encode("utf-8", "replace")))
        self._until = time.monotonic() + _STAYS

    def ended(self) -> bool:
        """Whether its time is over; says so once."""
        if self._until is None or time.monotonic() < self._until:
            return False
        self._until = None
        return True
