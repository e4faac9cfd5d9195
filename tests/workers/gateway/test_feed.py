from hypothesis import given
from hypothesis import strategies as st

from bus.position import Position
from workers.gateway.feed import Feed
from workers.gateway.queries import without_queries
from workers.gateway.wire import DATA_BYTES


@given(
    st.lists(st.sampled_from(["é", "漢", "👩‍👧", "a", "\x1b[31m", "\x1b[6n", "\x1b]11;?\x07", "\x1b]0;t\x07"])),
    st.data(),
)
def test_the_pieces_are_the_stream_less_its_queries(tokens: list[str], data: st.DataObject) -> None:
    """However the bytes arrive: the same bytes come out, each piece whole characters, and the positions count on."""
    stream = "".join(tokens).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    feed = Feed(Position("e", 100))
    out = b""
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        for piece in feed.take(stream[start:end]):
            piece.decode()
            out += piece
        assert feed.expected == Position("e", 100 + end)
        assert feed.position.offset <= feed.expected.offset
    assert out == without_queries(stream)
    assert feed.flush() == []
    assert feed.position == feed.expected


def test_the_beginning_of_a_character_is_given_up_when_asked() -> None:
    feed = Feed(Position("e", 0))
    assert feed.take(b"a\xe2\x82") == [b"a"]
    assert feed.holds_character
    assert feed.flush() == [b"\xe2\x82"]
    assert not feed.holds_character
    assert feed.take(b"\xac") == [b"\xac"]
    assert feed.position == Position("e", 4)


def test_a_sequence_that_may_become_a_query_is_not_a_character() -> None:
    feed = Feed(Position("e", 0))
    assert feed.take(b"a\x1b[") == [b"a"]
    assert not feed.holds_character


@given(st.integers(0, 3), st.integers(1, 3))
def test_long_runs_come_in_pieces_that_fit_a_line(shift: int, length: int) -> None:
    data = b"x" * shift + "é€👩"[length - 1].encode() * (DATA_BYTES // 2)
    pieces = Feed(Position("e", 0)).take(data)
    assert b"".join(pieces) == data
    for piece in pieces:
        assert len(piece) <= DATA_BYTES
        piece.decode()


def test_bytes_that_are_no_text_come_through_all_the_same() -> None:
    data = b"\xe2\x82" * DATA_BYTES
    assert b"".join(Feed(Position("e", 0)).take(data + b"a")) == data + b"a"
