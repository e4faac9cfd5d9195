"""What the processes say of themselves on the bus, for the command line."""

import time
from collections.abc import Collection, Iterable
from pathlib import Path

import zmq

from bus import topics
from bus.messages.stat import Stat
from bus.paths import Paths
from bus.subscriber import Subscriber

#: Seconds to wait for all of them. The first subscriber is answered at once, another one within a second.
SECONDS = 1.3

#: Who has no endpoint of its own and publishes into the proxy alone.
_AT_THE_PROXY = {"broker", "gateway", "headless"}


class StatReader:
    """Subscribes to every process's figures for as long as it is entered. `latest` has the newest of each."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], endpoints: Iterable[Path]) -> None:
        self._subscriber = Subscriber(context, endpoints, [topics.STAT.encode()])
        self.latest: dict[str, Stat] = {}

    def __enter__(self) -> "StatReader":
        return self

    def __exit__(self, *_exc: object) -> None:
        self._subscriber.__exit__()

    def read(self, names: Collection[str], seconds: float = SECONDS) -> dict[str, Stat]:
        """The newest figures, once all of `names` have come anew or after `seconds`."""
        missing = set(names)
        deadline = time.monotonic() + seconds
        while missing and (left := deadline - time.monotonic()) > 0:
            message = self._subscriber.receive(left)
            if isinstance(message, Stat):
                self.latest[message.process] = message
                missing.discard(message.process)
        return self.latest


def endpoints(paths: Paths, running: Collection[str]) -> list[Path]:
    """Where the figures of the `running` processes are: at the broker's proxy; without it, at each worker's."""
    if "broker" in running:
        return [paths.bus_pub]
    sessions = (name.removeprefix(topics.WORKER_PREFIX) for name in running)
    return [paths.session(session_id).pub for session_id in sessions if topics.is_session_id(session_id)]


def publishing(running: Collection[str]) -> set[str]:
    """Which of the `running` processes can be heard."""
    heard = {name for name in running if name.startswith(topics.WORKER_PREFIX)}
    return heard | (_AT_THE_PROXY & set(running) if "broker" in running else set())
