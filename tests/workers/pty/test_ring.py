from hypothesis import given
from hypothesis import strategies as st

from bus.position import Position
from workers.pty.ring import Ring


def _append(ring: Ring, data: bytes) -> None:
    while data:
        size = 0
        for place in ring.room(len(data)):
            part = data[size : size + len(place)]
            place[: len(part)] = part
            size += len(part)
        ring.commit(size)
        data = data[size:]


@given(st.integers(1, 50), st.lists(st.binary(max_size=80), max_size=10), st.integers(0, 500), st.integers(0, 100))
def test_it_holds_the_last_bytes_of_the_stream(capacity: int, writes: list[bytes], offset: int, size: int) -> None:
    ring = Ring(capacity, "e")
    for data in writes:
        _append(ring, data)
    stream = b"".join(writes)
    assert ring.head == Position("e", len(stream))
    assert ring.statistics().tail == max(0, len(stream) - capacity)
    begin, got = ring.read(offset, size)
    assert begin == min(max(offset, ring.statistics().tail), len(stream))
    assert got == stream[begin : begin + size]
    ring.close()


def test_a_new_epoch_holds_nothing_of_the_old_one() -> None:
    ring = Ring(10, "old")
    _append(ring, b"0123456789abc")
    ring.restart("new")
    assert ring.head == Position("new", 0)
    assert ring.read(0, 10) == (0, b"")
    ring.close()
