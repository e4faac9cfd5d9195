from pathlib import Path

import zmq

from bus import codec, sockets, topics
from bus.codec import Frame
from bus.messages.events import Closed, FrameHeader
from bus.subscriber import Subscriber
from tests.support import wait_until

SESSION = "0A1B2C3D-0000-4000-8000-00000000000F"
OTHER = "0A1B2C3D-0000-4000-8000-0000000000FF"


def test_gets_its_topics_and_counts_what_cannot_be_read(tmp_path: Path) -> None:
    with zmq.Context() as context:
        publisher = sockets.publisher(context, tmp_path / "pub", [])
        with Subscriber(context, [tmp_path / "pub"], [topics.pty(SESSION)]) as subscriber:
            header = FrameHeader(epoch="e", offset=0, time=0.0)

            def publish() -> object:
                publisher.send_multipart(codec.encode_frame(topics.pty(OTHER), header, b"not for us"))
                publisher.send_multipart(codec.encode_event("closed", Closed(session_id=SESSION)))
                publisher.send_multipart([topics.pty(SESSION), b"\xc1", b""])
                publisher.send_multipart(codec.encode_frame(topics.pty(SESSION), header, b"for us"))
                return subscriber.receive(0.05)

            assert wait_until(publish, "a frame") == Frame(SESSION, header, b"for us")
            assert subscriber.malformed >= 1
        publisher.close()


def test_the_proxy_carries_from_the_feed_to_the_subscriber(tmp_path: Path) -> None:
    with zmq.Context() as context:
        receiving, sending = sockets.proxy_ends(context, tmp_path / "feed", tmp_path / "pub")
        publisher = sockets.publisher(context, None, [tmp_path / "feed"])
        with Subscriber(context, [tmp_path / "pub"], [b"event."]) as subscriber:

            def pump() -> object:
                if sending.poll(10):
                    receiving.send(sending.recv())
                publisher.send_multipart(codec.encode_event("closed", Closed(session_id=SESSION)))
                if receiving.poll(10):
                    sending.send_multipart(receiving.recv_multipart())
                return subscriber.receive(0.01)

            assert wait_until(pump, "an event") == codec.Event("closed", Closed(session_id=SESSION))
        for socket in (receiving, sending, publisher):
            socket.close()
