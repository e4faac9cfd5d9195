"""What stands between a session's bytes: changes of its size and a shell's prompts, each at an offset."""

from collections import deque
from typing import NamedTuple

from bus.limits import MARKS_KEPT
from bus.messages.events import PromptMark, SizeChanged
from bus.position import Position
from workers.gateway.dialect2_lines import mark_line


class Mark(NamedTuple):
    """A line that belongs between the bytes before `offset` and those from it on."""

    epoch: str
    offset: int
    line: bytes


class Marks:
    """The newest marks of one session, for clients that have not got there yet."""

    def __init__(self) -> None:
        self._kept: deque[Mark] = deque(maxlen=MARKS_KEPT)

    def add(self, event: SizeChanged | PromptMark) -> Mark | None:
        """The new mark; None for one that is known, since they come by two ways."""
        mark = Mark(event.epoch, event.offset, mark_line(event))
        if mark in self._kept:
            return None
        self._kept.append(mark)
        return mark

    def since(self, position: Position) -> list[Mark]:
        """The marks at `position` and after it, in order."""
        found = [mark for mark in self._kept if mark.epoch == position.epoch and mark.offset >= position.offset]
        return sorted(found, key=lambda mark: mark.offset)
