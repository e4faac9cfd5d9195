"""One dialect 2 client on one session: a snapshot or a resume, then every byte, and a `gap` for those that are gone.

    ──begin──> LOOKING ──the ring has them──> CATCHING_UP ──position reached──> LIVE
                  └──it has not──> PAINTING ──snapshot──┘          lines dropped │
                                     ^                                           v
                                     └──────────── the client has read ────── BEHIND

The states and what leads from one to the other are here. `Snapshots` gets the snapshots, `CatchUp` the bytes that the
client has missed, and `Delivery` sends and knows where the client stands.
"""

import enum
from typing import NamedTuple

from bus.errors import Busy, RequestError, RequestTimeout
from bus.messages.events import SessionSnapshot
from bus.position import Position
from workers.gateway import dialect2_lines
from workers.gateway.catch_up import CatchUp
from workers.gateway.delivery import Delivery, Output
from workers.gateway.encoders import Encoding, Item
from workers.gateway.marks import Mark
from workers.gateway.reader import Upstream
from workers.gateway.snapshots import OnSnapshot, Request, Screen, Snapshots
from workers.gateway.stream import Stream
from workers.gateway.timers import Timers

#: Snapshots in a row for a stream that leaves each behind before it could be caught up with.
_ATTEMPTS = 3


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
        self._stream = stream
        self._state = _State.BEHIND
        self._attempts = 0
        self._closed = False
        self._delivery = Delivery(session_id, output, wanted.window, self._stop)
        self._snapshots = Snapshots(session_id, stream, upstream.broker, timers, self)
        self._channel = None if stream is None else stream.join(wanted.encoding)
        self._catch_up: CatchUp | None = None
        if stream is not None and self._channel is not None:
            self._catch_up = CatchUp(stream, self._channel, self._delivery, upstream.workers, timers, self)
            stream.listen(self)

    @property
    def stream(self) -> Stream | None:
        return self._stream

    @property
    def place(self) -> Position | None:
        """Where the client stands: a subscription that takes this one's place resumes there."""
        return self._delivery.at

    @property
    def is_live(self) -> bool:
        return self._state is _State.LIVE

    @property
    def is_following(self) -> bool:
        return self._state in (_State.CATCHING_UP, _State.LIVE)

    def close(self) -> None:
        """Idempotent. Requests that wait are refused."""
        self._stop()
        if self._stream is not None and self._channel is not None and not self._closed:
            self._stream.unlisten(self)
            self._stream.part(self._channel)
        self._closed = True
        self._snapshots.refuse(Busy("the subscription ended before there was a snapshot"))

    def take_over(self, old: "Subscription") -> None:
        """Takes the place of a closed one, of whose lines some may still wait for the client."""
        old._delivery.hand_over(self._delivery)

    # --- from the client ---

    def begin(self, resume: Position | None = None) -> None:
        """Sends what follows `resume` if the ring has it, else a snapshot and what follows that."""
        self._stop()
        self._delivery.lost = False
        if resume is None or self._catch_up is None:
            self._delivery.at = None
            self.paint()
        else:
            self._delivery.at = resume
            self._state = _State.LOOKING
            self._catch_up.resume(resume)

    def ask_snapshot(self, scrollback: int, request_id: str | int | None, on_done: OnSnapshot) -> None:
        """Sends a snapshot in its place among the bytes; calls `on_done` once."""
        self._snapshots.request(Request(scrollback, request_id, on_done))
        if self.is_following:
            self.paint()

    def add_credit(self, size: int) -> None:
        self._delivery.window.add(size)
        if self._catch_up is not None:
            self._catch_up.go_on()

    def caught_up(self) -> None:
        """The client has read what was left after lines had been dropped."""
        if self._state is _State.BEHIND and not self._closed:
            self.paint()

    # --- from the broker ---

    def show(self, told: SessionSnapshot, repaint: bytes) -> None:
        """Takes a snapshot that the broker made unasked, of a session whose bytes nobody gets."""
        if self._state is _State.PAINTING or (self._catch_up is not None and self._catch_up.has_screen):
            self._snapshots.expect_newer()
        elif self.is_live and told.epoch is not None:
            # The end of a stream, whose last bytes may not have been sent yet.
            self.paint()
        elif self.is_live:
            self._delivery.send(dialect2_lines.unasked_snapshot_lines(told, repaint))

    # --- from the snapshots ---

    def take_screen(self, screen: Screen) -> None:
        """Places a snapshot: after the bytes before it, or after the gap that stands for them."""
        delivery, epoch, offset = self._delivery, screen.snapshot.epoch, screen.snapshot.offset
        at = delivery.at
        if epoch is None and at is not None and self._catch_up is not None:
            # Its worker did not answer the broker, so the screen has no place in the stream, which the client has.
            self.go_without(RequestTimeout("the session's worker does not answer"))
        elif at is None or epoch is None or epoch != at.epoch:
            self._send_screen(screen, self._gap_to_end())
        elif offset < at.offset:
            # Older than what the client has: it was taken for somebody who asked before.
            self._attempts += 1
            if self._attempts < _ATTEMPTS:
                self.paint()
            else:
                delivery.lost = False
                self.start_from(at)
        elif delivery.lost or self._catch_up is None:
            # Without a stream, too, a snapshot can have a place: the broker may know a worker before the layout does.
            self._send_screen(screen, delivery.gap_to(Position(epoch, offset)))
        else:
            self.start_from(at, screen)

    def go_without(self, error: RequestError) -> None:
        """There is no snapshot now: the bytes that there are go on, and a snapshot comes when it can be had."""
        owing = self._delivery.at is None or self._delivery.lost
        self._snapshots.refuse(error)
        if owing:
            self._snapshots.owe()
        here = None if self._stream is None else self._stream.expected
        # Now, and not before those who asked were told: an answer, too, may make the client's backlog too long.
        at, lost = self._delivery.at, self._delivery.lost
        if at is not None and not lost:
            self.start_from(at)
        elif here is None and at is not None and self._stream is not None:
            # Nor does the worker answer. What the client has lost is named by a gap as soon as one of both does.
            self._snapshots.ask_soon()
        elif here is None:
            self._delivery.at = None
            self.go_live()
        else:
            same = at is not None and at.epoch == here.epoch
            if self._delivery.send(self._delivery.gap_to(here) if same else self._gap_to_end()):
                self._delivery.lost = False
                self.start_from(here)

    # --- from the catching up ---

    def paint(self) -> None:
        """Asks for a snapshot. The session's output waits meanwhile, in the ring."""
        self._leave_channel()
        if self._catch_up is not None:
            self._catch_up.pause()
        self._state = _State.PAINTING
        self._snapshots.ask()

    def start_from(self, at: Position, screen: Screen | None = None) -> None:
        """Sends what follows `at`; on the way, when its place is reached, `screen`."""
        self._delivery.at = at
        if self._catch_up is None:
            self.go_live()
        else:
            self._state = _State.CATCHING_UP
            self._catch_up.start(at, screen)

    def send_screen(self, screen: Screen) -> None:
        """Sends a snapshot whose place is where the client stands."""
        self._send_screen(screen, [])

    def go_live(self) -> None:
        """Sends what the channel sends from now on."""
        self._state = _State.LIVE
        self._attempts = 0
        if self._catch_up is not None:
            self._catch_up.stop()
        if self._channel is not None:
            self._channel.follow(self)
        if self._snapshots.is_another_wanted:
            self.paint()

    # --- from the stream ---

    def send_output(self, items: list[Item]) -> None:
        """Live bytes."""
        at, size = self._delivery.at, items[-1].next - items[0].offset
        if at is None:
            # A session that had no stream has one now.
            self.paint()
        elif items[0].offset == at.offset and self._delivery.window.most(size) == size:
            self._delivery.send_items(items)
        else:
            # The credit ends inside of these, or the client's place is inside of what was held back: the ring gives
            # just what it wants.
            self._leave_channel()
            self.start_from(at)

    @property
    def has_room(self) -> bool:
        """Whether the client can take more."""
        return self._delivery.has_room

    def stream_broke(self) -> None:
        """A new epoch, or bytes that nobody has any more."""
        self._delivery.lost = True
        self.paint()

    def take_mark(self, mark: Mark) -> None:
        if self.is_following:
            self._delivery.take_mark(mark)

    # --- steps ---

    def _send_screen(self, screen: Screen, first: list[bytes]) -> None:
        snapshot = screen.snapshot
        request_id = None if screen.request is None else screen.request.request_id
        lines = dialect2_lines.snapshot_lines(snapshot, screen.repaint, request_id)
        if not self._delivery.send([*first, *lines]):
            return
        at = None if snapshot.epoch is None else Position(snapshot.epoch, snapshot.offset)
        self._delivery.at = at
        self._delivery.lost = False
        self._snapshots.sent(screen)
        if self._state is _State.BEHIND:
            return  # An answer, too, may make the client's backlog too long.
        if at is None:
            self.go_live()
        else:
            self.start_from(at)

    def _gap_to_end(self) -> list[bytes]:
        """The gap up to the end of an epoch that is over, as far as the stream saw it."""
        return self._delivery.gap_to(None if self._stream is None else self._stream.ended)

    def _stop(self) -> None:
        """Until the client has read: what was dropped is replaced by a snapshot then."""
        self._leave_channel()
        self._state = _State.BEHIND
        self._snapshots.stop()
        if self._catch_up is not None:
            self._catch_up.stop()

    def _leave_channel(self) -> None:
        if self._channel is not None:
            self._channel.leave(self)
