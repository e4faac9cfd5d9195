from hypothesis import given
from hypothesis import strategies as st

from workers.gateway.lines import LineSplitter, TooLongLine


def _feed(splitter: LineSplitter, pieces: list[bytes]) -> list[bytes | None]:
    lines = [line for piece in pieces for line in splitter.feed(piece)]
    return [None if isinstance(line, TooLongLine) else line for line in lines]


def test_a_long_line_is_told_once_and_skipped_to_its_end() -> None:
    splitter = LineSplitter(limit=4)
    assert _feed(splitter, [b"abcd\n", b"abcde", b"fgh", b"ijk\nxy\n"]) == [b"abcd", None, b"xy"]
    assert _feed(splitter, [b"abcdefgh\nxy\n"]) == [None, b"xy"]


@given(st.lists(st.binary(max_size=12).filter(lambda line: b"\n" not in line), max_size=10), st.data())
def test_lines_are_the_same_however_they_arrive(lines: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(line + b"\n" for line in lines) + b"rest"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    expected = [line if len(line) <= 6 else None for line in lines]
    assert _feed(LineSplitter(limit=6), pieces) == expected
