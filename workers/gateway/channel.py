"""One encoding of one session's stream: made once, shared by every client that follows it."""

from typing import Protocol

from bus.position import Position
from workers.gateway.encoders import Encoder, Encoding, Item
from workers.gateway.timers import Timers

#: How long an incomplete character waits for its rest (the gateway's contract).
_CHARACTER_SECONDS = 0.05


class Follower(Protocol):
    """Who follows a channel live."""

    @property
    def has_room(self) -> bool:
        """Whether its client can take more."""

    def send_output(self, items: list[Item]) -> None:
        """Encoded output, in order."""

    def stream_broke(self) -> None:
        """Bytes are gone for good: what follows does not continue what was sent."""


class Channel:
    """A stream's bytes as lines. The stream feeds it; it has no position before the stream has one."""

    def __init__(self, session_id: str, encoding: Encoding, timers: Timers) -> None:
        self._session_id = session_id
        self._encoding = encoding
        self._timers = timers
        self._encoder: Encoder | None = None
        self._followers: set[Follower] = set()
        #: Who may follow it; the stream lets go of a channel that nobody uses.
        self.users = 0

    @property
    def encoding(self) -> Encoding:
        return self._encoding

    @property
    def position(self) -> Position | None:
        """Up to where followers have been sent everything; None before the stream has begun."""
        return None if self._encoder is None else self._encoder.position

    def holds(self, position: Position) -> bool:
        """Whether nothing before `position` is still to be sent but what is held back for its end.

        A screen as of there does not show that yet, so a client with that screen continues with `follow`.
        """
        encoder = self._encoder
        if encoder is None or position.epoch != encoder.position.epoch:
            return False
        return encoder.position <= position <= encoder.expected

    def follow(self, follower: Follower) -> None:
        """Sends `follower` everything from `position` on."""
        self._followers.add(follower)

    def leave(self, follower: Follower) -> None:
        self._followers.discard(follower)

    @property
    def has_room(self) -> bool | None:
        """Whether any follower can take more; None without one."""
        return any(follower.has_room for follower in self._followers) if self._followers else None

    # --- from the stream ---

    def begin(self, position: Position) -> None:
        """Goes on at `position`, whatever was before."""
        self._encoder = self._encoding.encoder(self._session_id, position)

    def tell_broken(self) -> None:
        for follower in list(self._followers):
            follower.stream_broke()

    def take(self, data: bytes) -> None:
        """The next bytes."""
        encoder = self._encoder
        if encoder is None:
            return
        self._send(encoder.take(data))
        if encoder.holds_character:
            held = encoder.expected
            self._timers.after(_CHARACTER_SECONDS, lambda: self._give_up_character(held))

    def _give_up_character(self, held: Position) -> None:
        """Sends the beginning of a character whose rest has not come."""
        encoder = self._encoder
        if encoder is not None and encoder.expected == held and encoder.holds_character:
            self._send(encoder.flush())

    def _send(self, items: list[Item]) -> None:
        if items:
            for follower in list(self._followers):
                follower.send_output(items)
