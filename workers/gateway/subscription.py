"""One dialect 2 client on one session: a snapshot or a resume, then every byte, and a `gap` for those that are gone.

    ──begin──> LOOKING ──the ring has them──> CATCHING_UP ──position reached──> LIVE
                  └──it has not──> PAINTING ──snapshot──┘          lines dropped │
                                     ^                                           v
                                     └──────────── the client has read ────── BEHIND

`_at` is where the client stands: every byte before it was sent, or named by a gap, or came before its first snapshot.
"""

import enum
import logging
from collections.abc import Callable
from typing import NamedTuple, Protocol

import msgspec

from bus.errors import Busy, RequestError, RequestTimeout
from bus.limits import MARKS_KEPT, REPLAY_BYTES
from bus.messages import ConfigResult, GetConfig, GetPosition, Replay, Replayed, SessionSnapshot, TakeSnapshot
from bus.messages import Position as PositionResult
from bus.messages import Snapshot as SnapshotResult
from bus.position import Position
from workers.gateway import dialect2_lines
from workers.gateway.credit import Window
from workers.gateway.encoders import Encoder, Encoding, Item
from workers.gateway.fair_queue import Owner
from workers.gateway.marks import Mark
from workers.gateway.reader import Upstream
from workers.gateway.stream import Stream
from workers.gateway.timers import Timers

log = logging.getLogger("gateway.subscription")

#: Snapshots in a row for a stream that leaves each behind before it could be caught up with.
_ATTEMPTS = 3

#: How long a snapshot may take; the session's output waits for it in the ring.
_SNAPSHOT_SECONDS = 2.0

#: How soon something that did not work is tried again.
_RETRY_SECONDS = 0.5

#: How soon a snapshot that could not be had is tried for again.
_OWED_SECONDS = 1.0

#: What a client that resumes is sent before it has read what it was sent before.
_PACE_BYTES = 64 * 1024

#: Told once for each request: the answer's lines, or why there is none.
OnSnapshot = Callable[[RequestError | None], None]


class Output(Protocol):
    """Where a client's lines go."""

    def send_output(self, lines: list[bytes], owner: Owner, before: object) -> bool:
        """Lines that a snapshot can replace. False when they were dropped instead, which `owner` is told."""

    def when_read(self, action: Callable[[], None]) -> None:
        """Calls `action` once, when little waits for the client."""

    @property
    def behind(self) -> bool:
        """Whether lines were dropped and the client has not read the rest yet."""


class _State(enum.Enum):
    BEHIND = enum.auto()
    LOOKING = enum.auto()
    PAINTING = enum.auto()
    CATCHING_UP = enum.auto()
    LIVE = enum.auto()


class Wanted(NamedTuple):
    """How a client wants its sessions' bytes."""

    encoding: Encoding
    window: int | None


class _Asked(NamedTuple):
    """A client's request for a snapshot."""

    scrollback: int
    request_id: str | int | None
    on_done: OnSnapshot


class _Screen(NamedTuple):
    """A snapshot that is to be sent when the client has got the bytes before it, and what it answers."""

    snapshot: SnapshotResult
    repaint: bytes
    asked: _Asked | None


class _Stand(NamedTuple):
    """Where a client stands before a line."""

    at: Position | None
    used: int


class Subscription:
    """`stream` is None for a session without a worker: it is told by snapshots."""

    def __init__(
        self,
        session_id: str,
        stream: Stream | None,
        output: Output,
        upstream: Upstream,
        timers: Timers,
        wanted: Wanted,
    ) -> None:
        self._session_id = session_id
        self._stream = stream
        self._output = output
        self._upstream = upstream
        self._timers = timers
        self._encoding = wanted.encoding
        self._window = Window(wanted.window)
        self._channel = None if stream is None else stream.join(wanted.encoding)
        if stream is not None:
            stream.listen(self)
        self._state = _State.BEHIND
        self._at: Position | None = None
        self._encoder: Encoder | None = None
        self._due: list[Mark] = []
        self._screen: _Screen | None = None
        #: The bytes between `_at` and the next snapshot are given up.
        self._lost = False
        #: Up to where a resume goes at the client's pace.
        self._pace_to: int | None = None
        self._attempts = 0
        self._turn = 0
        self._unsure = False
        self._outdated = False
        self._asked: list[_Asked] = []
        #: A snapshot could not be had and is still to come.
        self._owed = False
        self._closed = False

    @property
    def stream(self) -> Stream | None:
        return self._stream

    @property
    def place(self) -> Position | None:
        """Where the client stands: a subscription that takes this one's place resumes there."""
        return self._at

    def close(self) -> None:
        """Idempotent. Requests that wait are refused."""
        self._stop()
        if self._stream is not None and self._channel is not None and not self._closed:
            self._stream.unlisten(self)
            self._stream.part(self._channel)
        self._closed = True
        self._refuse_asked(Busy("the subscription ended before there was a snapshot"))

    # --- the beginning ---

    def begin(self, resume: Position | None = None) -> None:
        """Sends what follows `resume` if the ring has it, else a snapshot and what follows that."""
        self._stop()
        self._at = resume
        self._lost = False
        if resume is None or self._stream is None:
            self._at = None
            self._paint()
        else:
            self._look(resume)

    def _look(self, resume: Position) -> None:
        self._state = _State.LOOKING
        turn = self._next_turn()

        def found(position: PositionResult, _payload: bytes) -> None:
            if turn != self._turn:
                return
            here = position.epoch == resume.epoch and resume.offset <= position.head
            if here and resume.offset >= max(position.tail, position.sized_at):
                self._pace_to = position.head
                self._start_from(resume)
                return
            if not here:
                self._at = None
            self._lost = here
            self._paint()

        def failed(error: RequestError) -> None:
            if turn == self._turn:
                log.debug("%s: looking for a position: %s", self._session_id, error)
                self._timers.after(_RETRY_SECONDS, lambda: self._look(resume) if turn == self._turn else None)

        self._upstream.workers.ask(self._session_id, GetPosition(), PositionResult, found, failed, seconds=1.0)

    # --- snapshots ---

    def ask_snapshot(self, scrollback: int, request_id: str | int | None, on_done: OnSnapshot) -> None:
        """Sends a snapshot in its place among the bytes; calls `on_done` once."""
        self._asked.append(_Asked(scrollback, request_id, on_done))
        if self._state in (_State.LIVE, _State.CATCHING_UP):
            self._paint()

    def show(self, told: SessionSnapshot, repaint: bytes) -> None:
        """Takes a snapshot that the broker made unasked, of a session whose bytes nobody gets."""
        if self._state is _State.PAINTING or self._screen is not None:
            self._outdated = True
        elif self._state is _State.LIVE and told.epoch is not None:
            # The end of a stream, whose last bytes may not have been sent yet.
            self._paint()
        elif self._state is _State.LIVE:
            snapshot = SnapshotResult(
                session_id=told.session_id,
                epoch=None,
                offset=0,
                columns=told.columns,
                rows=told.rows,
                cursor_column=told.cursor_column,
                cursor_row=told.cursor_row,
            )
            self._send_lines(dialect2_lines.snapshot_lines(snapshot, repaint))

    def _paint(self) -> None:
        """Asks for a snapshot. The session's output waits meanwhile, in the ring."""
        self._stop_following()
        self._state = _State.PAINTING
        self._outdated = False
        self._screen = None
        turn = self._next_turn()
        asked = self._asked[0] if self._asked else None

        def painted(snapshot: SnapshotResult, data: bytes) -> None:
            if turn == self._turn:
                self._take_screen(_Screen(snapshot, data, asked))

        def refused(error: RequestError) -> None:
            if turn == self._turn:
                self._go_without(error)

        self._upstream.broker.ask(
            TakeSnapshot(session_id=self._session_id, scrollback=0 if asked is None else asked.scrollback),
            SnapshotResult,
            painted,
            refused,
            seconds=_SNAPSHOT_SECONDS,
        )

    def _take_screen(self, screen: _Screen) -> None:
        """Places a snapshot: after the bytes before it, or after the gap that stands for them."""
        at, epoch, offset = self._at, screen.snapshot.epoch, screen.snapshot.offset
        if epoch is None and at is not None:
            # Its worker did not answer the broker, so the screen has no place in the stream, which the client has.
            self._go_without(RequestTimeout("the session's worker does not answer"))
        elif at is None or epoch is None or epoch != at.epoch:
            self._send_screen(screen, self._gap_to_end())
        elif offset < at.offset:
            # Older than what the client has: it was taken for somebody who asked before.
            self._attempts += 1
            if self._attempts < _ATTEMPTS:
                self._paint()
            else:
                self._lost = False
                self._start_from(at)
        elif self._lost:
            self._send_screen(screen, self._gap_to(offset))
        else:
            self._start_from(at, screen)

    def _gap_to(self, end: int) -> list[bytes]:
        at = self._at
        if at is None or end <= at.offset:
            return []
        return [dialect2_lines.gap_line(self._session_id, at.epoch, at.offset, end)]

    def _gap_to_end(self) -> list[bytes]:
        """The gap up to the end of an epoch that is over, as far as the stream saw it."""
        ended = None if self._stream is None else self._stream.ended
        if self._at is None or ended is None or ended.epoch != self._at.epoch:
            return []
        return self._gap_to(ended.offset)

    def _send_screen(self, screen: _Screen, first: list[bytes]) -> None:
        snapshot = screen.snapshot
        request_id = None if screen.asked is None else screen.asked.request_id
        lines = dialect2_lines.snapshot_lines(snapshot, screen.repaint, request_id)
        if not self._send_lines([*first, *lines]):
            return
        self._screen = None
        self._lost = self._owed = False
        if screen.asked in self._asked:
            assert screen.asked is not None
            self._asked.remove(screen.asked)
            screen.asked.on_done(None)
        if snapshot.approximate:
            self._paint_when_quiet()
        if snapshot.epoch is None:
            self._at = None
            self._live()
        else:
            self._start_from(Position(snapshot.epoch, snapshot.offset))

    def _go_without(self, error: RequestError) -> None:
        """There is no snapshot now: the bytes that there are go on, and a snapshot comes when it can be had."""
        log.debug("%s: no snapshot: %s", self._session_id, error)
        owing = self._at is None or self._lost
        self._refuse_asked(error)
        if owing:
            self._owe()
        here = None if self._stream is None else self._stream.expected
        if self._at is not None and not self._lost:
            self._start_from(self._at)
        elif here is None and self._at is not None and self._stream is not None:
            # Nor does the worker answer. What the client has lost is named by a gap as soon as one of both does.
            turn = self._next_turn()
            self._timers.after(_RETRY_SECONDS, lambda: self._paint() if turn == self._turn else None)
        elif here is None:
            self._at = None
            self._live()
        else:
            same = self._at is not None and self._at.epoch == here.epoch
            if self._send_lines(self._gap_to(here.offset) if same else self._gap_to_end()):
                self._lost = False
                self._start_from(here)

    def _owe(self) -> None:
        self._owed = True
        self._timers.after(_OWED_SECONDS, self._try_again)

    def _try_again(self) -> None:
        """Asks for an owed snapshot, once the broker answers at all: the session's output would wait for it."""
        if self._closed or not self._owed or self._state in (_State.BEHIND, _State.PAINTING):
            return

        def there(_result: ConfigResult, _payload: bytes) -> None:
            if self._owed and not self._closed and self._state in (_State.LIVE, _State.CATCHING_UP):
                self._paint()

        self._upstream.broker.ask(
            GetConfig(session_id=self._session_id), ConfigResult, there, lambda _error: self._owe(), seconds=1.0
        )

    def _paint_when_quiet(self) -> None:
        """A screen that was read while bytes moved may show a few twice, until the session rests."""
        if self._stream is not None and not self._unsure:
            self._unsure = True
            self._stream.when_quiet(self._paint_surely)

    def _paint_surely(self) -> None:
        self._unsure = False
        if self._closed or self._state in (_State.BEHIND, _State.PAINTING):
            return
        if self._state is _State.LIVE:
            self._paint()
        else:
            self._paint_when_quiet()

    # --- bytes ---

    def _start_from(self, at: Position, screen: _Screen | None = None) -> None:
        """Sends what follows `at`; on the way, when its place is reached, `screen`."""
        self._at = at
        self._screen = screen
        stream = self._stream
        if stream is None:
            self._live()
            return
        self._due = stream.marks.since(at)
        self._encoder = self._encoding.encoder(self._session_id, at)
        self._state = _State.CATCHING_UP
        self._next_turn()
        self._send_marks()
        self._catch_up()

    def _catch_up(self) -> None:
        stream, channel, encoder = self._stream, self._channel, self._encoder
        if self._state is not _State.CATCHING_UP or stream is None or channel is None or encoder is None:
            return
        here, seen, goal = encoder.expected, stream.expected, channel.position
        if seen is None or goal is None:
            stream.when_moved(self._catch_up)
        elif seen.epoch != here.epoch:
            self._paint()
        elif self._screen is not None:
            self._catch_up_with_screen(stream, encoder, self._screen, seen)
        elif channel.holds(here):
            self._send_items(encoder.flush())
            if self._state is _State.CATCHING_UP:
                self._live()
        elif here.offset < goal.offset:
            self._fetch(encoder, goal.offset)
        else:
            stream.when_moved(self._catch_up)

    def _catch_up_with_screen(self, stream: Stream, encoder: Encoder, screen: _Screen, seen: Position) -> None:
        here, offset = encoder.expected.offset, screen.snapshot.offset
        if here == offset:
            # What the encoder holds back for its end is not on the screen either: the client goes on before it.
            place = msgspec.structs.replace(screen.snapshot, offset=encoder.position.offset)
            self._send_screen(screen._replace(snapshot=place), [])
        elif here < seen.offset:
            self._fetch(encoder, min(offset, seen.offset))
        else:
            stream.when_moved(self._catch_up)

    def _fetch(self, encoder: Encoder, end: int) -> None:
        """Asks the worker for bytes up to `end`; the stream's other followers have been sent them already."""
        here = encoder.expected
        size = self._window.most(min(end - here.offset, REPLAY_BYTES))
        if self._pace_to is not None and here.offset < self._pace_to:
            size = min(size, _PACE_BYTES)
        if size == 0:
            return  # `add_credit` goes on.
        turn = self._next_turn()

        def fetched(result: Replayed, data: bytes) -> None:
            if turn != self._turn:
                return
            if Position(result.epoch, result.offset) != here:
                self._lost = result.epoch == here.epoch
                self._paint()
                return
            self._take(encoder, data)
            self._go_on(turn)

        def failed(error: RequestError) -> None:
            if turn == self._turn:
                log.debug("%s: catching up: %s", self._session_id, error)
                self._timers.after(_RETRY_SECONDS, lambda: self._catch_up() if turn == self._turn else None)

        command = Replay(epoch=here.epoch, offset=here.offset, limit=size)
        self._upstream.workers.ask(self._session_id, command, Replayed, fetched, failed, seconds=1.0)

    def _go_on(self, turn: int) -> None:
        """The next piece; of a resume, when the client has read the last one."""
        at = self._at
        if self._state is not _State.CATCHING_UP or turn != self._turn:
            return
        if self._pace_to is not None and at is not None and at.offset < self._pace_to:
            self._output.when_read(lambda: self._catch_up() if turn == self._turn else None)
        else:
            self._catch_up()

    def _take(self, encoder: Encoder, data: bytes) -> None:
        """Sends fetched bytes, cut where marks belong between them."""
        begin = encoder.expected.offset
        end = begin + len(data)
        cuts = [*sorted({mark.offset for mark in self._due if begin < mark.offset < end}), end]
        for stop in cuts:
            items = encoder.take(data[: stop - begin])
            data, begin = data[stop - begin :], stop
            self._send_items(items)

    def _live(self) -> None:
        self._state = _State.LIVE
        self._encoder = None
        self._pace_to = None
        self._attempts = 0
        self._next_turn()
        if self._channel is not None:
            self._channel.follow(self)
        if self._outdated or self._asked:
            self._paint()

    def add_credit(self, size: int) -> None:
        self._window.add(size)
        if self._state is _State.CATCHING_UP:
            self._catch_up()

    # --- from the stream ---

    def send_output(self, items: list[Item]) -> None:
        """Live bytes."""
        size = items[-1].next - items[0].offset
        if self._at is None:
            # A session that had no stream has one now.
            self._paint()
        elif items[0].offset == self._at.offset and self._window.most(size) == size:
            self._send_items(items)
        else:
            # The credit ends inside of these, or the client's place is inside of what was held back: the ring gives
            # just what it wants.
            self._stop_following()
            self._start_from(self._at)

    def stream_broke(self) -> None:
        """A new epoch, or bytes that nobody has any more."""
        self._lost = True
        self._paint()

    def take_mark(self, mark: Mark) -> None:
        at = self._at
        if self._state not in (_State.CATCHING_UP, _State.LIVE) or at is None or mark.epoch != at.epoch:
            return
        if mark.offset <= at.offset:
            self._send_lines([mark.line])
        else:
            self._due = sorted([*self._due, mark], key=lambda due: due.offset)[-MARKS_KEPT:]

    # --- to the client ---

    def take_back(self, before: object) -> None:
        """Lines were dropped: a snapshot takes their place when the client has read the rest."""
        assert isinstance(before, _Stand)
        self._stop()
        self._at = before.at
        self._lost = before.at is not None
        self._window.rewind(before.used)

    def caught_up(self) -> None:
        """The client has read what was left after lines had been dropped."""
        if self._state is _State.BEHIND and not self._closed:
            self._paint()

    def _send_items(self, items: list[Item]) -> None:
        at = self._at
        if at is None:
            return
        for item in items:
            if not self._send_lines([item.line]):
                return
            self._window.use(item.next - item.offset)
            self._at = Position(at.epoch, item.next)
            self._send_marks()

    def _send_marks(self) -> None:
        while self._due and self._at is not None and self._due[0].offset <= self._at.offset:
            if not self._send_lines([self._due.pop(0).line]):
                return

    def _send_lines(self, lines: list[bytes]) -> bool:
        return not lines or self._output.send_output(lines, self, _Stand(self._at, self._window.used))

    def _stop(self) -> None:
        self._stop_following()
        self._state = _State.BEHIND
        self._screen = None
        self._pace_to = None
        self._next_turn()

    def _stop_following(self) -> None:
        if self._channel is not None:
            self._channel.leave(self)
        self._encoder = None

    def _next_turn(self) -> int:
        """Answers to what was asked before are of a state that was left since."""
        self._turn += 1
        return self._turn

    def _refuse_asked(self, error: RequestError) -> None:
        asked, self._asked = self._asked, []
        for request in asked:
            request.on_done(error)
