"""The gateway's links to the PTY workers: their frames, and requests to them.

It connects to each worker's own endpoints, so output and typing go on while the broker is away. One socket carries
the frames of all, one the requests to all: the loop polls two descriptors, however many sessions there are.
"""

import logging
from collections.abc import Callable, Iterator
from typing import TypeVar

import zmq

from bus import codec, sockets, topics
from bus.codec import Event, Frame
from bus.dropped import Dropped
from bus.errors import Busy, NotAttached, ProtocolError
from bus.limits import RPC_SECONDS
from bus.messages import AnyCommand, AnyResult
from bus.paths import Paths, ipc
from workers.gateway.requests import OnRefusal, Requests
from workers.gateway.timers import Timers

log = logging.getLogger("gateway.workers")

R = TypeVar("R", bound=AnyResult)

#: Frames taken in a row before input and clients get their turn: 1 MiB at most.
_FRAMES_PER_TURN = 16
_REPLIES_PER_TURN = 64


class WorkerLink:
    """Frames and events from, and requests to the workers of the sessions that were connected."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], paths: Paths, timers: Timers) -> None:
        self.frames = sockets.subscriber(context, [], [topics.PTY.encode(), topics.EVENT.encode()])
        self.replies = sockets.rpc_fan(context)
        self._paths = paths
        self._requests = Requests(timers)
        self.connected: set[str] = set()
        self._dropped = Dropped(log, "a frame", "gateway")

    def connect(self, session_id: str) -> None:
        """Connects to a session's worker, which may come later and may come back."""
        endpoints = self._paths.session(session_id)
        self.frames.connect(ipc(endpoints.pub))
        sockets.connect_peer(self.replies, session_id.encode("ascii"), endpoints.rpc)
        self.connected.add(session_id)

    def disconnect(self, session_id: str) -> None:
        endpoints = self._paths.session(session_id)
        self.frames.disconnect(ipc(endpoints.pub))
        self.replies.disconnect(ipc(endpoints.rpc))
        self.connected.discard(session_id)

    def ask(
        self,
        session_id: str,
        command: AnyCommand,
        expected: type[R],
        on_result: Callable[[R, bytes], None],
        on_refusal: OnRefusal,
        payload: bytes = b"",
        seconds: float = RPC_SECONDS,
    ) -> None:
        """Asks a session's worker; later calls one of `on_result` and `on_refusal`, once."""

        def send(parts: list[bytes]) -> None:
            try:
                self.replies.send_multipart([session_id.encode("ascii"), *parts], zmq.NOBLOCK)
            except zmq.Again:
                raise Busy("the session's worker does not take requests") from None
            except zmq.ZMQError:
                raise NotAttached("the session has no worker") from None

        self._requests.ask(send, command, expected, on_result, on_refusal, payload, seconds)

    def receive_replies(self) -> None:
        """Takes what the workers have answered."""
        for _worker, *parts in sockets.waiting(self.replies, _REPLIES_PER_TURN):
            self._requests.receive(parts)

    def receive_frames(self) -> Iterator[Frame | Event]:
        """The frames and events that wait, `_FRAMES_PER_TURN` at most. What cannot be read is counted and dropped."""
        for parts in sockets.waiting(self.frames, _FRAMES_PER_TURN):
            try:
                message = codec.decode_published(parts)
            except ProtocolError as error:
                self._dropped.take(error)
                continue
            if isinstance(message, Frame | Event):
                yield message

    @property
    def malformed(self) -> int:
        """Messages that could not be read."""
        return self._dropped.count

    def close(self) -> None:
        self.frames.close()
        self.replies.close()
