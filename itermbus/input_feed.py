"""What is typed into one session, from its worker: asked for by name, since nobody gets it otherwise."""

from pathlib import Path

import zmq

from bus import codec, sockets, topics
from bus.codec import Typed
from bus.errors import ProtocolError

#: Messages between two looks at whatever else there is.
_PER_TURN = 64


class InputFeed:
    """Subscribes for as long as it is entered. A worker that is started anew goes on by itself."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], endpoint: Path, session_id: str) -> None:
        """`endpoint` is the one at which the session's worker publishes."""
        self.socket = sockets.subscriber(context, [endpoint], [topics.typed(session_id)])

    def __enter__(self) -> "InputFeed":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.socket.close()

    def receive(self) -> list[bytes]:
        """What has come, never waiting; what cannot be read is left out."""
        found = []
        for parts in sockets.waiting(self.socket, _PER_TURN):
            try:
                message = codec.decode_published(parts)
            except ProtocolError:
                continue
            if isinstance(message, Typed):
                found.append(message.payload)
        return found
