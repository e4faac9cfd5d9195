"""What one client of dialect 2 has got of one session: sends lines, and knows its place, credit and marks."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from bus.limits import MARKS_KEPT
from bus.position import Position
from workers.gateway import dialect2_lines
from workers.gateway.credit import Window
from workers.gateway.encoders import Item
from workers.gateway.fair_queue import Owner
from workers.gateway.marks import Mark


class Output(Protocol):
    """Where a client's lines go."""

    def send_output(self, lines: list[bytes], owner: Owner, before: object) -> bool:
        """Lines that a snapshot can replace. False when they were dropped instead, which `owner` is told."""

    def when_read(self, action: Callable[[], None]) -> None:
        """Calls `action` once, when little waits for the client."""

    @property
    def has_room(self) -> bool:
        """Whether little enough waits that more is worth fetching."""


class _Stand(NamedTuple):
    """Where a client stands before a line."""

    at: Position | None
    used: int


class Delivery:
    """The lines of one session on their way to one client. Their owner: what was dropped is taken back here."""

    def __init__(self, session_id: str, output: Output, credit: int | None, on_dropped: Callable[[], None]) -> None:
        """`on_dropped` is told when lines were dropped, after the place was set back."""
        self._session_id = session_id
        self._output = output
        self._on_dropped = on_dropped
        self._due: list[Mark] = []
        self._heir: Delivery | None = None
        self.window = Window(credit)
        #: Every byte before it was sent, or named by a gap, or came before the client's first snapshot.
        self.at: Position | None = None
        #: The bytes between `at` and the next snapshot are given up.
        self.lost = False

    def send(self, lines: list[bytes]) -> bool:
        """False when they were dropped."""
        return not lines or self._output.send_output(lines, self, _Stand(self.at, self.window.used))

    def send_items(self, items: list[Item]) -> None:
        """The next bytes, and the marks at their ends."""
        at = self.at
        if at is None:
            return
        for item in items:
            if not self.send([item.line]):
                return
            self.window.use(item.next - item.offset)
            self.at = Position(at.epoch, item.next)
            self.send_marks()

    def gap_to(self, end: Position | None) -> list[bytes]:
        """The line that names the bytes up to `end`; none where there are none of one epoch."""
        at = self.at
        if at is None or end is None or end.epoch != at.epoch or end.offset <= at.offset:
            return []
        return [dialect2_lines.gap_line(self._session_id, at.epoch, at.offset, end.offset)]

    @property
    def has_room(self) -> bool:
        """Whether the client can take more."""
        return self._output.has_room

    def when_read(self, action: Callable[[], None]) -> None:
        """Calls `action` once, when the client has read nearly all that it was sent."""
        self._output.when_read(action)

    @property
    def key(self) -> str:
        """Whose lines these are, to the client's queue."""
        return self._session_id

    def hand_over(self, heir: "Delivery") -> None:
        """Another goes on with this session for this client, perhaps while lines of this one still wait."""
        self._heir = heir

    def take_back(self, before: object) -> None:
        """Lines were dropped: the client stands where it stood before the first of them."""
        assert isinstance(before, _Stand)
        if self._heir is not None:
            # All that the heir has sent waits behind these lines, and was dropped with them.
            self._heir.take_back(_Stand(before.at, used=0))
            return
        self.at = before.at
        self.lost = before.at is not None
        self.window.rewind(before.used)
        self._on_dropped()

    # --- marks ---

    def expect_marks(self, marks: list[Mark]) -> None:
        """These, in order, are all that are due from the client's place on."""
        self._due = marks

    def take_mark(self, mark: Mark) -> None:
        """A mark that has just been found out: sent at its place, or at once when that is behind the client."""
        at = self.at
        if at is None or mark.epoch != at.epoch:
            return
        if mark.offset <= at.offset:
            self.send([mark.line])
        else:
            self._due = sorted([*self._due, mark], key=lambda due: due.offset)[-MARKS_KEPT:]

    def send_marks(self) -> None:
        """Those that are due at the client's place."""
        while self._due and self.at is not None and self._due[0].offset <= self.at.offset:
            if not self.send([self._due.pop(0).line]):
                return

    def marks_between(self, begin: int, end: int) -> list[int]:
        """The offsets at which bytes have to be cut."""
        return sorted({mark.offset for mark in self._due if begin < mark.offset < end})
