from hypothesis import given
from hypothesis import strategies as st

from bus.position import Fresh, Missing, NewEpoch, Position, compare


def test_what_a_frame_is_to_a_reader() -> None:
    reader = Position("e", 10)
    assert compare(reader, "e", 10, 5) == Fresh(0)
    assert compare(reader, "e", 8, 5) == Fresh(2)
    assert compare(reader, "e", 2, 5) == Fresh(5)
    assert compare(reader, "e", 11, 5) == Missing(10, 11)
    assert compare(reader, "f", 10, 5) == NewEpoch()


@given(st.binary(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=40))
def test_frames_in_any_order_give_a_prefix_of_the_stream(stream: bytes, frames: list[tuple[int, int]]) -> None:
    """Whatever comes, and however often: what a reader takes is the stream from its beginning, never anything else."""
    taken = b""
    for offset, length in frames:
        payload = stream[offset : offset + length]
        result = compare(Position("e", len(taken)), "e", offset, len(payload))
        if isinstance(result, Fresh):
            taken += payload[result.skip :]
    assert stream.startswith(taken)
