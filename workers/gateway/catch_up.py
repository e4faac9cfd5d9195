"""Brings one client of dialect 2 from its place in a session's stream to its channel's, with bytes from the ring."""

import logging
from typing import Protocol

import msgspec

from bus.errors import RequestError
from bus.limits import REPLAY_BYTES
from bus.messages.commands import GetPosition, Replay
from bus.messages.results import Position as PositionResult
from bus.messages.results import Replayed
from bus.position import Position
from workers.gateway.channel import Channel
from workers.gateway.delivery import Delivery
from workers.gateway.encoders import Encoder
from workers.gateway.snapshots import Screen
from workers.gateway.stream import Stream
from workers.gateway.timers import Timers
from workers.gateway.worker_link import WorkerLink

log = logging.getLogger("gateway.catch_up")

#: How soon something that did not work is tried again.
_RETRY_SECONDS = 0.5

#: What a client that resumes is sent before it has read what it was sent before.
_PACE_BYTES = 64 * 1024


class Arrival(Protocol):
    """Who is told what it comes to."""

    def start_from(self, at: Position) -> None:
        """A resume is possible from here: `start`."""

    def go_live(self) -> None:
        """The channel goes on where the client stands."""

    def send_screen(self, screen: Screen) -> None:
        """The bytes before this screen were sent."""

    def paint(self) -> None:
        """There are no more bytes of this client's to be had: only a snapshot helps."""


class CatchUp:
    """Under way from `start` until an arrival, `pause` or `stop`."""

    def __init__(
        self,
        stream: Stream,
        channel: Channel,
        delivery: Delivery,
        workers: WorkerLink,
        timers: Timers,
        arrival: Arrival,
    ) -> None:
        self._stream = stream
        self._channel = channel
        self._delivery = delivery
        self._workers = workers
        self._timers = timers
        self._arrival = arrival
        #: None unless it is under way.
        self._encoder: Encoder | None = None
        #: Is to be sent on the way.
        self._screen: Screen | None = None
        #: Up to where a resume goes at the client's pace.
        self._pace_to: int | None = None
        self._turn = 0

    @property
    def has_screen(self) -> bool:
        """Whether a screen is still to be sent on the way."""
        return self._screen is not None

    def resume(self, place: Position) -> None:
        """Finds out whether the ring has what follows `place`, the client's, however long that takes."""
        turn = self._next_turn()

        def told(position: PositionResult, _payload: bytes) -> None:
            if turn == self._turn:
                self._resume_if_possible(place, position)

        def failed(error: RequestError) -> None:
            if turn == self._turn:
                log.debug("%s: looking for a position: %s", self._stream.session_id, error)
                self._timers.after(_RETRY_SECONDS, lambda: self.resume(place) if turn == self._turn else None)

        self._workers.ask(self._stream.session_id, GetPosition(), PositionResult, told, failed, seconds=1.0)

    def _resume_if_possible(self, place: Position, position: PositionResult) -> None:
        is_here = position.epoch == place.epoch and place.offset <= position.head
        if is_here and place.offset >= max(position.tail, position.sized_at):
            self._pace_to = position.head
            self._arrival.start_from(place)
            return
        if not is_here:
            self._delivery.at = None
        self._delivery.lost = is_here
        self._arrival.paint()

    def start(self, at: Position, screen: Screen | None = None) -> None:
        """Sends what follows `at`, the client's place; on the way, when its place is reached, `screen`."""
        self._next_turn()
        self._screen = screen
        self._encoder = self._channel.encoding.encoder(self._stream.session_id, at)
        self._delivery.expect_marks(self._stream.marks.since(at))
        self._delivery.send_marks()
        self.go_on()

    def pause(self) -> None:
        """Stops for a snapshot, after which `start` goes on at the same pace."""
        self._next_turn()
        self._encoder = None
        self._screen = None

    def stop(self) -> None:
        """What is started later is not this resume any more."""
        self.pause()
        self._pace_to = None

    def go_on(self) -> None:
        """Takes the next step, if it is under way: there are new bytes, or there is new credit."""
        encoder = self._encoder
        if encoder is None:
            return
        here, seen, goal = encoder.expected, self._stream.expected, self._channel.position
        if seen is None or goal is None:
            self._stream.when_moved(self.go_on)
        elif seen.epoch != here.epoch:
            self._arrival.paint()
        elif self._screen is not None:
            self._go_on_to_screen(encoder, self._screen, seen)
        elif self._channel.holds(here):
            self._delivery.send_items(encoder.flush())
            if self._is_under_way:
                self._arrival.go_live()
        elif here.offset < goal.offset:
            self._fetch(encoder, goal.offset)
        else:
            self._stream.when_moved(self.go_on)

    @property
    def _is_under_way(self) -> bool:
        """Sending may end it: what could not be sent was dropped, and the subscription has stopped."""
        return self._encoder is not None

    def _go_on_to_screen(self, encoder: Encoder, screen: Screen, seen: Position) -> None:
        here, offset = encoder.expected.offset, screen.snapshot.offset
        if here == offset:
            # What the encoder holds back for its end is not on the screen either: the client goes on before it.
            place = msgspec.structs.replace(screen.snapshot, offset=encoder.position.offset)
            self._arrival.send_screen(screen._replace(snapshot=place))
        elif here < seen.offset:
            self._fetch(encoder, min(offset, seen.offset))
        else:
            self._stream.when_moved(self.go_on)

    def _fetch(self, encoder: Encoder, end: int) -> None:
        """Asks the worker for bytes up to `end`; the stream's other followers have been sent them already."""
        here = encoder.expected
        size = self._delivery.window.most(min(end - here.offset, REPLAY_BYTES))
        if self._pace_to is not None and here.offset < self._pace_to:
            size = min(size, _PACE_BYTES)
        if size == 0:
            return  # New credit goes on.
        turn = self._next_turn()

        def fetched(result: Replayed, data: bytes) -> None:
            if turn != self._turn:
                return
            if Position(result.epoch, result.offset) != here:
                self._delivery.lost = result.epoch == here.epoch
                self._arrival.paint()
                return
            self._take(encoder, data)
            self._go_on_at_pace(turn)

        def failed(error: RequestError) -> None:
            if turn == self._turn:
                log.debug("%s: catching up: %s", self._stream.session_id, error)
                self._timers.after(_RETRY_SECONDS, lambda: self.go_on() if turn == self._turn else None)

        command = Replay(epoch=here.epoch, offset=here.offset, limit=size)
        self._workers.ask(self._stream.session_id, command, Replayed, fetched, failed, seconds=1.0)

    def _go_on_at_pace(self, turn: int) -> None:
        """The next piece; of a resume, when the client has read the last one."""
        at = self._delivery.at
        if turn != self._turn:
            return
        if self._pace_to is not None and at is not None and at.offset < self._pace_to:
            self._delivery.when_read(lambda: self.go_on() if turn == self._turn else None)
        else:
            self.go_on()

    def _take(self, encoder: Encoder, data: bytes) -> None:
        """Sends fetched bytes, cut where marks belong between them."""
        begin = encoder.expected.offset
        end = begin + len(data)
        for stop in [*self._delivery.marks_between(begin, end), end]:
            items = encoder.take(data[: stop - begin])
            data, begin = data[stop - begin :], stop
            self._delivery.send_items(items)

    def _next_turn(self) -> int:
        """Answers to what was asked before are of a state that was left since."""
        self._turn += 1
        return self._turn
