"""A process's figures on the bus: once a second, and only while somebody has subscribed to them.

libzmq tells an XPUB socket of the first subscription to a prefix and of the end of the last one. So nothing is counted
together or sent for nobody, and whoever subscribes first is answered at once.
"""

import os
import resource
import sys
import time
from collections.abc import Callable

import zmq

from bus import codec, sockets, topics
from bus.messages import AnyFigures, Stat, Usage

#: Seconds between two messages.
EVERY_SECONDS = 1.0

#: Subscriptions taken in a row before the process goes on with its own work.
_NEWS_PER_TURN = 64

#: `ru_maxrss` counts bytes on macOS and KiB on Linux (getrusage(2) of each).
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024

#: A loop that wakes up every second is a little early now and then; that must not halve the rate.
_EARLY_SECONDS = 0.05


def usage() -> Usage:
    """What this process has used. From the kernel's own account: a library for it would be a third of a worker."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Usage(cpu_seconds=round(used.ru_utime + used.ru_stime, 3), memory_peak_bytes=used.ru_maxrss * _MAXRSS_UNIT)


class StatFeed:
    """Publishes `stat.<process>` over a socket of `sockets.knowing_publisher`.

    Poll the socket for reading: then call `take_news`, and `tick` about once a second.
    """

    def __init__(
        self,
        publisher: zmq.Socket[bytes],
        process: str,
        figures: Callable[[], AnyFigures],
        clock: Callable[[], float] = time.monotonic,
        on_subscription: Callable[[bytes, bool], None] | None = None,
    ) -> None:
        """`process` is this one's name in supervisord. `figures` is called for each message.

        `on_subscription` is called with each prefix, and whether the subscription to it begins.
        """
        self._publisher = publisher
        self._process = process
        self._figures = figures
        self._clock = clock
        self._on_subscription = on_subscription
        self._topic = topics.stat(process)
        self._prefixes: set[bytes] = set()
        self._sent_at = 0.0

    @property
    def wanted(self) -> bool:
        """Whether anybody has subscribed."""
        return bool(self._prefixes)

    def take_news(self) -> None:
        """Takes what came of subscriptions, and answers a new one. Whatever else was sent here is dropped."""
        fresh = False
        for parts in sockets.waiting(self._publisher, _NEWS_PER_TURN):
            fresh |= self._take(parts)
        if fresh:
            self._publish()

    def tick(self) -> None:
        """Publishes when somebody has subscribed and the last message is a second old."""
        if self._prefixes and self._clock() - self._sent_at >= EVERY_SECONDS - _EARLY_SECONDS:
            self._publish()

    def _take(self, parts: list[bytes]) -> bool:
        """Whether it was a new subscription to these figures. A subscription is 1 and a prefix, its end 0 and that."""
        if len(parts) != 1:
            return False
        prefix = parts[0][1:]
        if self._on_subscription is not None and parts[0][:1] in (b"\x00", b"\x01"):
            self._on_subscription(prefix, parts[0][:1] == b"\x01")
        if not self._topic.startswith(prefix):
            return False
        if parts[0][:1] == b"\x01":
            self._prefixes.add(prefix)
            return True
        if parts[0][:1] == b"\x00":
            self._prefixes.discard(prefix)
        return False

    def _publish(self) -> None:
        self._sent_at = self._clock()
        stat = Stat(process=self._process, pid=os.getpid(), time=time.time(), usage=usage(), figures=self._figures())
        self._publisher.send_multipart(codec.encode_stat(stat))
