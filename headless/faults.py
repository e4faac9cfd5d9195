"""Misbehaviour on request, so that clients can be tested against it; off unless the host was started to allow it."""

import asyncio
import random
from collections import deque

from iterm2 import api_pb2

from headless.api_connection import ApiConnection
from headless.notifications import Client, Hub

#: A notification held back for reordering leaves at the latest with this many behind it.
_MAX_HELD = 16


class Faults:
    """The faults in force. Everything is harmless until set through the control socket."""

    def __init__(self, hub: Hub) -> None:
        self._refusals: deque[int] = deque(maxlen=1000)
        self.delay_seconds = 0.0
        self._reading = True
        self._drop = self._duplicate = self._reorder = 0.0
        self._random = random.Random(0)
        self._held: list[tuple[Client, api_pb2.Notification]] = []
        self._connections: set[ApiConnection] = set()
        hub.deliver = self._deliver

    # Set by the control socket.

    def refuse(self, status: int, count: int) -> None:
        """Refuses the next `count` handshakes with this status."""
        self._refusals.extend([status] * count)

    def set_reading(self, reading: bool, connections: set[ApiConnection]) -> None:
        """Stops or resumes reading the API sockets, present and future ones."""
        self._reading = reading
        for connection in connections:
            connection.reading.set() if reading else connection.reading.clear()

    def disturb(self, seed: int, drop: float, duplicate: float, reorder: float) -> None:
        """Loses, doubles or holds back notifications with these probabilities."""
        self._random = random.Random(seed)
        self._drop, self._duplicate, self._reorder = drop, duplicate, reorder
        if not reorder:
            self._release()

    # Asked by the server.

    def refuse_handshake(self) -> int | None:
        """The status to refuse the present handshake with, if it is to be refused."""
        return self._refusals.popleft() if self._refusals else None

    def connected(self, connection: ApiConnection) -> None:
        """A new client."""
        if not self._reading:
            connection.reading.clear()

    async def delay_answer(self) -> None:
        """Waits as long as answers are to be delayed."""
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)

    def _deliver(self, client: Client, notification: api_pb2.Notification) -> None:
        if self._drop and self._random.random() < self._drop:
            return
        copies = 2 if self._duplicate and self._random.random() < self._duplicate else 1
        for _ in range(copies):
            if self._reorder and len(self._held) < _MAX_HELD and self._random.random() < self._reorder:
                kept = api_pb2.Notification()
                kept.CopyFrom(notification)
                self._held.append((client, kept))
                asyncio.get_running_loop().call_later(0.05, self._release)
            else:
                client.notify(notification)

    def _release(self) -> None:
        held, self._held = self._held, []
        self._random.shuffle(held)
        for client, notification in held:
            client.notify(notification)
