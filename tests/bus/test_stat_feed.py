"""A process's figures: for whom they are published, and when."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from bus import sockets, topics
from bus.messages.stat import AnyFigures, Stat
from bus.stat_feed import EVERY_SECONDS, StatFeed, usage
from bus.subscriber import Subscriber
from bus.subscriptions import Subscriptions
from tests.bus.test_codec import FIGURES
from tests.support import temporary_home, wait_until

NAME = "pty-0A1B2C3D-0000-4000-8000-00000000000F"


class Bench:
    """A feed over a real socket, a clock that a test sets, and how often it was asked for figures."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], path: Path) -> None:
        self.context = context
        self.path = path
        self.now = 100.0
        self.asked = 0
        self.socket = sockets.knowing_publisher(context, path, [])
        self.subscriptions = Subscriptions(self.socket)
        self.feed = StatFeed(self.socket, self.subscriptions, NAME, self._figures, lambda: self.now)

    def _figures(self) -> AnyFigures:
        self.asked += 1
        return FIGURES

    def subscribe(self, prefix: bytes) -> Subscriber:
        return Subscriber(self.context, [self.path], [prefix])

    def hears(self, wanted: bool) -> None:
        def heard() -> bool:
            self.feed.greet(self.subscriptions.take_news())
            return self.feed.wanted == wanted

        wait_until(heard, f"the feed to be {'wanted' if wanted else 'left alone'}")


@pytest.fixture
def bench() -> Iterator[Bench]:
    with temporary_home() as home, zmq.Context() as context:
        made = Bench(context, home / "pub")
        yield made
        made.socket.close()


@pytest.mark.parametrize("prefix", [b"", b"stat.", topics.stat(NAME)])
def test_a_subscriber_is_answered_at_once_and_then_every_second(bench: Bench, prefix: bytes) -> None:
    with bench.subscribe(prefix) as subscriber:
        bench.hears(True)
        first = subscriber.receive(5)
        assert isinstance(first, Stat)
        assert (first.process, first.figures) == (NAME, FIGURES)
        bench.now += EVERY_SECONDS / 2
        bench.feed.tick()
        assert bench.asked == 1
        bench.now += EVERY_SECONDS / 2
        bench.feed.tick()
        assert isinstance(subscriber.receive(5), Stat)
    bench.hears(False)
    bench.now += 10
    bench.feed.tick()
    assert bench.asked == 2


def test_for_nobody_nothing_is_counted_together(bench: Bench) -> None:
    with bench.subscribe(b"pty."), bench.subscribe(b"stat.gateway"), bench.subscribe(b"stat.pty-F"):
        with bench.subscribe(b"stat.p"):
            bench.hears(True)
        bench.hears(False)
        bench.now += 10
        bench.feed.tick()
    assert bench.asked == 1


def test_whatever_else_is_sent_to_the_socket_is_dropped(bench: Bench) -> None:
    with bench.context.socket(zmq.XSUB) as rude:
        rude.linger = 0
        rude.connect(f"ipc://{bench.path}")
        for message in ([b"\x02stat."], [b"\x01stat.", b"x"], [b""], [b"stat."], [b"\x00never"], [b"\x01stat."]):
            rude.send_multipart(message)
        bench.hears(True)
        assert bench.asked == 1
    bench.hears(False)


def test_what_a_process_used_is_plausible() -> None:
    used = usage()
    assert used.cpu_seconds > 0
    assert 5_000_000 < used.memory_peak_bytes < 4_000_000_000
