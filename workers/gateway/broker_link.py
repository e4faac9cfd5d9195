"""The gateway's link to the broker: its events, and requests to it."""

import logging
from collections.abc import Callable
from typing import TypeVar

import zmq

from bus import codec, sockets, topics
from bus.codec import Event
from bus.dropped import Dropped
from bus.errors import Busy, ProtocolError, RequestError
from bus.limits import RPC_SECONDS
from bus.messages.commands import AnyCommand, GetLayout
from bus.messages.layout import Layout
from bus.messages.results import AnyResult, LayoutResult
from bus.paths import Paths
from workers.gateway.requests import OnRefusal, Requests
from workers.gateway.timers import Timers

log = logging.getLogger("gateway.broker")

R = TypeVar("R", bound=AnyResult)

#: Events taken in a row before others get their turn.
_EVENTS_PER_TURN = 64

#: How often the layout is asked for although no event came: publishing may drop, asking repairs.
_REFRESH_SECONDS = 5.0
_RETRY_SECONDS = 0.5


class BrokerLink:
    """Calls `on_event` with every event, and with the layout as an event whenever it differs from the last one."""

    def __init__(
        self, context: zmq.Context[zmq.Socket[bytes]], paths: Paths, timers: Timers, on_event: Callable[[Event], None]
    ) -> None:
        self.events = sockets.subscriber(context, [paths.bus_pub], [topics.EVENT.encode()])
        self.replies = sockets.rpc_client(context, paths.broker_rpc)
        self._timers = timers
        self._requests = Requests(timers)
        self._on_event = on_event
        self._seen: tuple[str, int] | None = None
        self._dropped = Dropped(log, "an event", "gateway")

    def start(self) -> None:
        """Asks for the layout, now and again from time to time."""
        self.ask(GetLayout(), LayoutResult, self._take_layout, self._ask_again, seconds=2.0)

    def ask(
        self,
        command: AnyCommand,
        expected: type[R],
        on_result: Callable[[R, bytes], None],
        on_refusal: OnRefusal,
        payload: bytes = b"",
        seconds: float = RPC_SECONDS,
    ) -> None:
        """Asks the broker; later calls one of `on_result` and `on_refusal`, once."""
        self._requests.ask(self._send, command, expected, on_result, on_refusal, payload, seconds)

    def receive_replies(self) -> None:
        """Takes what the broker has answered."""
        for parts in sockets.waiting(self.replies, _EVENTS_PER_TURN):
            self._requests.receive(parts)

    def receive_events(self) -> None:
        """Takes what was published. A message that cannot be read is counted and dropped."""
        for parts in sockets.waiting(self.events, _EVENTS_PER_TURN):
            try:
                message = codec.decode_published(parts)
            except ProtocolError as error:
                self._dropped.take(error)
                continue
            if isinstance(message, Event):
                self._take_event(message)

    @property
    def malformed(self) -> int:
        """Messages that could not be read."""
        return self._dropped.count

    def close(self) -> None:
        self.events.close()
        self.replies.close()

    def _send(self, parts: list[bytes]) -> None:
        try:
            self.replies.send_multipart(parts, zmq.NOBLOCK)
        except zmq.Again:
            raise Busy("the broker does not take requests") from None

    def _take_event(self, event: Event) -> None:
        if isinstance(event.body, Layout):
            self._see(event.body)
        else:
            self._on_event(event)

    def _take_layout(self, result: LayoutResult, _payload: bytes) -> None:
        self._see(result.layout)
        self._timers.after(_REFRESH_SECONDS, self.start)

    def _ask_again(self, _error: RequestError) -> None:
        self._timers.after(_RETRY_SECONDS, self.start)

    def _see(self, layout: Layout) -> None:
        """Passes a layout on unless it is one that was seen: an answer may be older than the event before it."""
        if self._seen is not None and self._seen[0] == layout.broker and layout.revision <= self._seen[1]:
            return
        self._seen = (layout.broker, layout.revision)
        self._on_event(Event("layout", layout))
