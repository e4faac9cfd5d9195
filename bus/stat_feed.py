"""A process's figures on the bus: once a second, and only while somebody has subscribed to them.

Nothing is counted together or sent for nobody, and whoever subscribes first is answered at once.
"""

import os
import resource
import sys
import time
from collections.abc import Callable, Iterable

import zmq

from bus import codec, topics
from bus.messages.stat import AnyFigures, Stat, Usage
from bus.subscriptions import Subscriptions

#: Seconds between two messages.
EVERY_SECONDS = 1.0

#: `ru_maxrss` counts bytes on macOS and KiB on Linux (getrusage(2) of each).
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024

#: A loop that wakes up every second is a little early now and then; that must not halve the rate.
_EARLY_SECONDS = 0.05


def usage() -> Usage:
    """What this process has used. From the kernel's own account: a library for it would be a third of a worker."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Usage(cpu_seconds=round(used.ru_utime + used.ru_stime, 3), memory_peak_bytes=used.ru_maxrss * _MAXRSS_UNIT)


class StatFeed:
    """Publishes `stat.<process>`: call `tick` about once a second, and `greet` when there are new subscriptions."""

    def __init__(
        self,
        publisher: zmq.Socket[bytes],
        subscriptions: Subscriptions,
        process: str,
        figures: Callable[[], AnyFigures],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`process` is this one's name in supervisord. `figures` is called for each message."""
        self._publisher = publisher
        self._subscriptions = subscriptions
        self._process = process
        self._figures = figures
        self._clock = clock
        self._topic = topics.stat(process)
        self._sent_at = 0.0

    @property
    def wanted(self) -> bool:
        """Whether anybody has subscribed."""
        return self._subscriptions.wants(self._topic)

    def greet(self, prefixes: Iterable[bytes]) -> None:
        """Publishes at once if one of these new subscriptions is to these figures."""
        if any(map(self._topic.startswith, prefixes)):
            self._publish()

    def tick(self) -> None:
        """Publishes when somebody has subscribed and the last message is a second old."""
        if self.wanted and self._clock() - self._sent_at >= EVERY_SECONDS - _EARLY_SECONDS:
            self._publish()

    def _publish(self) -> None:
        self._sent_at = self._clock()
        stat = Stat(process=self._process, pid=os.getpid(), time=time.time(), usage=usage(), figures=self._figures())
        self._publisher.send_multipart(codec.encode_stat(stat))
