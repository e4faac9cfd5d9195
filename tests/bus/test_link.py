"""A link: messages whole and in order over whatever pieces the kernel makes of them, bounded, and shut by nonsense."""

import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus import link, peer
from bus.errors import ProtocolError
from bus.limits import LINK_MESSAGE_BYTES, LINK_QUEUE_BYTES
from bus.link import Link, pack

parts_of_messages = st.lists(st.lists(st.binary(max_size=50), min_size=2, max_size=3), max_size=20)


class Pair:
    """Two ends; `raw` is the far one's socket."""

    def __init__(self) -> None:
        ours, self.raw = socket.socketpair()
        for end in (ours, self.raw):
            end.setblocking(False)
        self.near, self.far = Link(ours), Link(self.raw)

    def close(self) -> None:
        self.near.close()
        self.far.close()


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.close()


@given(parts_of_messages, st.lists(st.integers(1, 40), min_size=1))
def test_messages_arrive_whole_and_in_order_however_they_are_cut(messages: list[list[bytes]], cuts: list[int]) -> None:
    pair = Pair()
    try:
        wire = b"".join(map(pack, messages))
        got = []
        for number in range(len(wire) + 1):
            size = cuts[number % len(cuts)]
            if not wire:
                break
            pair.raw.send(wire[:size])
            wire = wire[size:]
            got += pair.near.receive()
        assert got == messages
    finally:
        pair.close()


def test_what_the_kernel_does_not_take_waits_up_to_a_bound(pair: Pair) -> None:
    message = [b"header", bytes(100_000)]
    sent = 0
    while pair.near.send(pack(message)):
        sent += 1
    assert sent * 100_000 < LINK_QUEUE_BYTES + 4_000_000
    assert pair.near.wants_to_write
    got = 0
    while pair.near.wants_to_write or got < sent:
        got += sum(parts == message for parts in pair.far.receive())
        pair.near.flush()
    assert got == sent


def test_what_was_not_begun_to_be_sent_is_told(pair: Pair) -> None:
    messages = [pack([b"%d" % number, bytes(100_000)]) for number in range(20)]
    for message in messages:
        assert pair.near.send(message)
    pair.raw.close()
    pair.near.flush()
    assert pair.near.closed
    unsent = pair.near.unsent()
    assert 0 < len(unsent) < len(messages)
    assert unsent == messages[-len(unsent) :]


def test_the_end_of_the_other_end_is_noticed(pair: Pair) -> None:
    assert pair.near.receive() == []
    assert not pair.near.closed
    pair.raw.close()
    assert pair.near.receive() == []
    assert pair.near.closed


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x00",
        b"\x01\x00\x00\x00\x05hello",
        b"\x04",
        b"GET / HTTP/1.1\r\n",
        struct.pack(">BII", 2, LINK_MESSAGE_BYTES, 0),
        struct.pack(">BIII", 3, 2**32 - 1, 2**32 - 1, 2**32 - 1),
    ],
)
def test_what_is_no_message_shuts_the_link(pair: Pair, nonsense: bytes) -> None:
    pair.raw.send(nonsense)
    with pytest.raises(ProtocolError):
        pair.near.receive()
    assert pair.near.closed


@given(st.binary(max_size=300))
def test_random_bytes_give_messages_or_shut_the_link(data: bytes) -> None:
    pair = Pair()
    try:
        pair.raw.send(data)
        for parts in pair.near.receive() if data else []:
            assert 2 <= len(parts) <= 3
    except ProtocolError:
        assert pair.near.closed
    finally:
        pair.close()


def test_one_connects_by_path_and_only_to_somebody(tmp_path: Path) -> None:
    path = tmp_path / "x.link"
    with pytest.raises(FileNotFoundError):
        link.connect(str(path))
    listener = peer.listen(path, 1)
    mine = link.connect(str(path))
    theirs = peer.accept(listener)
    assert theirs is not None
    other = Link(theirs)
    mine.send(pack([b"a", b"b"]))
    assert other.receive() == [[b"a", b"b"]]
    assert os.get_blocking(mine.fileno()) is False
    for end in (mine, other, listener):
        end.close()
    with pytest.raises(ConnectionRefusedError):
        link.connect(str(path))
