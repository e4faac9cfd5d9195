"""Requests of a poll loop that wait for their replies: who is told what, and when nobody waits any more."""

import itertools
import logging
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from bus import codec, rpc
from bus.dropped import Dropped
from bus.errors import Busy, ProtocolError, RequestError, RequestTimeout
from bus.limits import RPC_SECONDS
from bus.messages.commands import AnyCommand
from bus.messages.results import AnyResult
from workers.gateway.timers import Timer, Timers

log = logging.getLogger("gateway.requests")

#: Requests under way at once over one link; one more is refused with `busy`.
MOST_UNDER_WAY = 10_000

R = TypeVar("R", bound=AnyResult)
OnRefusal = Callable[[RequestError], None]


class _Waiting(NamedTuple):
    expected: type[Any]
    on_result: Callable[[Any, bytes], None]
    on_refusal: OnRefusal
    timer: Timer


class Requests:
    """The requests under way over one link. `send` puts parts on it; it raises `RequestError` when it cannot."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._numbers = itertools.count(1)
        self._waiting: dict[int, _Waiting] = {}
        self._dropped = Dropped(log, "a reply", "gateway")

    def ask(
        self,
        send: Callable[[list[bytes]], None],
        command: AnyCommand,
        expected: type[R],
        on_result: Callable[[R, bytes], None],
        on_refusal: OnRefusal,
        payload: bytes = b"",
        seconds: float = RPC_SECONDS,
    ) -> None:
        """Sends `command`; later calls exactly one of `on_result` (result, payload) and `on_refusal`, once."""
        if len(self._waiting) >= MOST_UNDER_WAY:
            on_refusal(Busy("too many requests are under way"))
            return
        number = next(self._numbers)
        timer = self._timers.after(seconds + rpc.GRACE_SECONDS, lambda: self._expire(number, seconds))
        self._waiting[number] = _Waiting(expected, on_result, on_refusal, timer)
        try:
            send(rpc.request_parts(number, command, payload, seconds))
        except RequestError as error:
            self._take(number)
            on_refusal(error)

    def receive(self, parts: Sequence[bytes]) -> None:
        """Takes one reply. A malformed one, or one that nobody waits for any more, is counted and dropped."""
        try:
            reply, payload = codec.decode_reply(parts)
        except ProtocolError as error:
            self._dropped.take(error)
            return
        waiting = self._take(reply.id)
        if waiting is None:
            return
        try:
            result = rpc.unwrap(reply, waiting.expected)
        except RequestError as error:
            waiting.on_refusal(error)
            return
        waiting.on_result(result, payload)

    def _expire(self, number: int, seconds: float) -> None:
        waiting = self._take(number)
        if waiting is not None:
            waiting.on_refusal(RequestTimeout(f"no answer within {seconds:g} s"))

    def _take(self, number: int) -> _Waiting | None:
        waiting = self._waiting.pop(number, None)
        if waiting is not None:
            waiting.timer.cancel()
        return waiting
