"""The session's stream: what is read from the pipe goes into the ring, is followed for modes, and told to its audience.

The ring's lock decides who reads. Without it the worker answers nothing about the stream, because the shim is reading,
and hands the pipe over as soon as it finds this worker listening.
"""

import logging
from pathlib import Path

import msgspec

from bus.errors import Busy, SetupError
from bus.limits import FRAME_BYTES, REPLAY_BYTES
from bus.messages.commands import Replay
from bus.messages.events import Attachment, Moved, SizeChanged
from bus.messages.fields import DetachReason, MarkState, Message
from bus.messages.results import Mark, Position, Replayed
from bus.ring import NOTE_BYTES, Ring, new_epoch, waiting
from bus.ring_file import RingBusy, RingUnusable, open_ring
from workers.pty.audience import Audience
from workers.pty.escapes import EscapeFollower, Followed

log = logging.getLogger("pty")

#: Reads in a row before requests get their turn: 1 MiB, some 3 ms of a flood.
_READS_PER_TURN = 16

#: How far the stream may run on before its place is noted again: the next worker looks for escapes from there.
_NOTE_EVERY_BYTES = 256 * 1024


class Stream:
    """One session's bytes, from its pipe to its ring and its readers."""

    def __init__(self, session_id: str, path: Path, capacity: int, audience: Audience) -> None:
        """`path` and `capacity`, bytes, are the ring's; an epoch that goes on keeps the ring that it has."""
        self._session_id = session_id
        self._path = path
        self._capacity = capacity
        self._audience = audience
        self._open: Ring | None = None
        self._escapes = EscapeFollower()
        self._noted_at = 0
        self._damage = ""
        #: Since the beginning: bytes read, replays given, rings that were damaged.
        self.output_bytes = 0
        self.replays = 0
        self.damaged = 0

    # --- the ring ---

    def hold(self) -> bool:
        """Takes the ring, unless it is held already. False while another process reads the pipe.

        Raises `SetupError` when the file cannot be used.
        """
        if self._open is not None:
            return True
        try:
            ring = open_ring(str(self._path), self._capacity)
        except RingBusy:
            return False
        except RingUnusable as error:
            raise SetupError(f"this session's ring cannot be used: {error}") from None
        self._open = ring
        if ring.epoch:
            self._remember(ring)
        else:
            self._restart(ring)
        self._say_damage(ring)
        return True

    @property
    def _ring(self) -> Ring:
        if self._open is None:
            raise Busy("this session's bytes are just being taken over from its shim")
        return self._open

    def release(self) -> None:
        """Lets go of the ring: the shim reads on."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def begin(self, epoch: str, pipe: int) -> str:
        """Reads `pipe` from here on: the one whose bytes so far are those of `epoch`, or a new one if that is empty.

        Returns the epoch. Raises `Busy` when the ring is not held.
        """
        ring = self._ring
        if epoch != ring.epoch or not ring.settle(pipe):
            self._restart(ring)
        self._say_damage(ring)
        return ring.epoch

    def _say_damage(self, ring: Ring) -> None:
        """Once for each, whoever found it: the shim, which says nothing, may have been the first to look."""
        if ring.mended:
            log.warning("the ring was damaged%s; epoch %s has begun", self._damage and f": {self._damage}", ring.epoch)
            ring.mended = False
            self.damaged += 1

    def _restart(self, ring: Ring) -> None:
        self._damage = ring.damage
        try:
            ring.restart(new_epoch(), self._capacity)
        except OSError as error:
            raise SetupError(f"this session's ring cannot be made: {self._path}: {error.strerror}") from None
        self._escapes = EscapeFollower()
        self._noted_at = 0

    # --- what the worker before knew ---

    def _remember(self, ring: Ring) -> None:
        """Goes on with the modes and marks of the worker before, and looks through what came since."""
        self._escapes = EscapeFollower()
        start = ring.tail
        try:
            followed = msgspec.msgpack.decode(ring.noted(), type=Followed)
        except msgspec.DecodeError:
            followed = None
        if followed is not None:
            self._escapes = EscapeFollower(followed)
            start = max(start, followed.offset)
        while start < ring.head:
            start, data = ring.read(start, FRAME_BYTES)
            self._escapes.take(data, start)
            start += len(data)
        self._note(ring)

    def _note(self, ring: Ring) -> None:
        note = msgspec.msgpack.encode(self._escapes.followed(ring.head))
        if len(note) <= NOTE_BYTES:
            ring.note(note)
        self._noted_at = ring.head

    # --- its bytes ---

    def drain(self, pipe: int) -> None:
        """Reads and tells what waits, up to a turn's worth. Raises `PipeEnded` after the last byte."""
        ring = self._ring
        try:
            self._read(ring, pipe)
        finally:
            self._audience.moved(ring.epoch, ring.head)

    def _read(self, ring: Ring, pipe: int) -> None:
        for turn in range(_READS_PER_TURN):
            size = waiting(pipe)
            if not size:
                if turn:
                    return
                # The poll said that something is there: an end, or a byte that has only now come.
                size = 1
            size = ring.fill(pipe, size)
            if not size:
                return
            self._take(ring, size)

    def _take(self, ring: Ring, size: int) -> None:
        """What was just read."""
        offset, payload = ring.read(ring.head - size, size)
        self._audience.publish(ring.epoch, offset, payload)
        self.output_bytes += size
        news = self._escapes.take(payload, offset)
        if news or ring.head - self._noted_at > _NOTE_EVERY_BYTES:
            self._note(ring)

    # --- what is asked about it ---

    def position(self, *, attached: bool) -> Position:
        """Where the stream stands. Raises `Busy` while the ring is not held, as the next two do."""
        ring = self._ring
        return Position(
            epoch=ring.epoch,
            tail=ring.tail,
            head=ring.head,
            attached=attached,
            stopped=ring.stopped,
            sized_at=ring.sized_at,
            modes=self._escapes.modes,
        )

    def replay(self, command: Replay) -> tuple[Replayed, bytes]:
        """The bytes asked for. Of another epoch the ring holds nothing, so its reader gets this one from its oldest."""
        ring = self._ring
        begin = command.offset if command.epoch == ring.epoch else ring.tail
        self.replays += 1
        offset, data = ring.read(begin, min(command.limit, REPLAY_BYTES))
        return Replayed(epoch=ring.epoch, offset=offset, head=ring.head), data

    def ring_fill(self) -> tuple[int, int]:
        """How many bytes the ring holds, and how many it can; nothing of either while it is not held."""
        ring = self._open
        return (0, 0) if ring is None else (ring.head - ring.tail, ring.capacity)

    def mark(self, state: MarkState) -> Mark:
        """Where the newest mark of a kind is."""
        mark = self._escapes.newest(state)
        if mark is None:
            return Mark(epoch=self._ring.epoch, offset=None)
        return Mark(epoch=self._ring.epoch, offset=mark.offset, status=mark.status)

    def set_size(self, columns: int, rows: int) -> None:
        """Tells a new size in its place among the bytes, so that every reader finds it at the same one."""
        ring = self._ring
        if ring.set_size(columns, rows):
            body = SizeChanged(
                session_id=self._session_id, epoch=ring.epoch, offset=ring.head, columns=columns, rows=rows
            )
            self._tell(ring, "size", body)

    def tell_attachment(self, *, attached: bool, reason: DetachReason = "") -> None:
        """Tells that the pipe was got or lost."""
        ring = self._ring
        body = Attachment(
            session_id=self._session_id, attached=attached, epoch=ring.epoch, offset=ring.head, reason=reason
        )
        self._tell(ring, "attached", body)

    def head(self) -> Moved | None:
        """What a new follower is told first; None while the ring is not held."""
        ring = self._open
        return None if ring is None else Moved(session_id=self._session_id, epoch=ring.epoch, head=ring.head)

    def _tell(self, ring: Ring, name: str, body: Message) -> None:
        self._audience.moved(ring.epoch, ring.head)
        self._audience.tell(name, body)
