"""The proxy behind bus.pub, with real sockets."""

from collections.abc import Iterator

import pytest
import zmq

from broker.trace import TraceProxy
from bus import codec, sockets, topics
from bus.codec import Event, Frame
from bus.errors import SetupError
from bus.messages.events import Closed, FrameHeader
from bus.paths import Paths, prepare
from bus.subscriber import Subscriber
from tests.support import temporary_home, wait_until

A = "AAAAAAAA-0000-4000-8000-000000000000"

FRAME = codec.encode_frame(topics.pty(A), FrameHeader(epoch="e", offset=0, time=0.0), b"bytes")
EVENT = codec.encode_event("closed", Closed(session_id=A))


@pytest.fixture
def paths() -> Iterator[Paths]:
    with temporary_home() as home:
        prepare(Paths(home))
        yield Paths(home)


@pytest.fixture
def context() -> Iterator[zmq.Context[zmq.Socket[bytes]]]:
    with zmq.Context() as context:
        yield context


def wait_received(publisher: zmq.Socket[bytes], parts: list[bytes], subscriber: Subscriber) -> object:
    """Publishes again and again until the subscriber gets one."""

    def received() -> object:
        publisher.send_multipart(parts)
        return subscriber.receive(0.02)

    return wait_until(received, "what is published to arrive")


def test_events_and_frames_reach_their_subscribers(paths: Paths, context: zmq.Context[zmq.Socket[bytes]]) -> None:
    with (
        TraceProxy(paths),
        sockets.publisher(context, None, [paths.bus_feed]) as publisher,
        Subscriber(context, [paths.bus_pub], [b"event."]) as events,
        Subscriber(context, [paths.bus_pub], [topics.pty(A)]) as frames,
    ):
        assert isinstance(wait_received(publisher, EVENT, events), Event)
        frame = wait_received(publisher, list(FRAME), frames)
        assert isinstance(frame, Frame)
        assert frame.payload == b"bytes"


def test_both_ends_find_the_next_broker(paths: Paths, context: zmq.Context[zmq.Socket[bytes]]) -> None:
    with (
        sockets.publisher(context, None, [paths.bus_feed]) as publisher,
        Subscriber(context, [paths.bus_pub], [b"event."]) as events,
    ):
        for _ in range(3):
            with TraceProxy(paths):
                assert wait_received(publisher, EVENT, events)
            while events.receive(0.2):
                pass


def test_frames_that_nobody_traces_are_not_even_sent(paths: Paths, context: zmq.Context[zmq.Socket[bytes]]) -> None:
    """An XPUB in a worker's place sees what the proxy asks for."""
    with (
        TraceProxy(paths),
        context.socket(zmq.XPUB) as worker,
        Subscriber(context, [paths.bus_pub], [b"event.attached"]),
    ):
        worker.connect(f"ipc://{paths.bus_feed}")
        assert worker.poll(5000)
        assert worker.recv() == b"\x01event.attached"
        with Subscriber(context, [paths.bus_pub], [topics.pty(A)]):
            assert worker.poll(5000)
            # Subscriptions keep their order: nothing was asked for between these two.
            assert worker.recv() == b"\x01" + topics.pty(A)
        assert worker.poll(5000)
        assert worker.recv() == b"\x00" + topics.pty(A)


def test_a_folder_that_is_not_there_is_told_by_name(paths: Paths) -> None:
    gone = Paths(paths.home / "gone")
    with pytest.raises(SetupError, match=r"bus\.feed"), TraceProxy(gone):
        pass
