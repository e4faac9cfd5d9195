import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.gateway.utf8 import cut_before, incomplete_tail


@given(st.text(max_size=20), st.integers(0, 80))
def test_text_is_cut_between_characters(text: str, limit: int) -> None:
    data = text.encode()
    cut = cut_before(data, limit)
    assert cut <= limit or cut == len(data)
    assert limit - cut < 4 or cut == len(data)
    data[:cut].decode()
    data[cut:].decode()


@pytest.mark.parametrize("character", ["é", "€", "👩", "\u0800", "\ud7ff", "\U0010ffff"])
def test_every_beginning_of_a_character_is_incomplete(character: str) -> None:
    data = character.encode()
    for length in range(1, len(data)):
        assert incomplete_tail(b"a" + data[:length], 1 + length) == length
    assert incomplete_tail(data, len(data)) == 0


@pytest.mark.parametrize(
    "data",
    [b"\x80", b"\xbf\xbf\xbf\xbf", b"\xc0", b"\xc1", b"\xf5", b"\xff", b"\xe0\x80", b"\xed\xa0", b"\xf4\x90", b""],
)
def test_what_can_never_become_a_character_is_not_waited_for(data: bytes) -> None:
    assert incomplete_tail(data, len(data)) == 0


@given(st.binary(max_size=12))
def test_at_most_three_bytes_are_held_back(data: bytes) -> None:
    assert 0 <= incomplete_tail(data, len(data)) <= min(3, len(data))
