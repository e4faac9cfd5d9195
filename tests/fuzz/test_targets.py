"""The targets of `make fuzz`, fed by hypothesis: the same inputs each time, in a few seconds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.targets import SEEDS, TARGETS

#: Where a parser changes its mind.
_PIECES = st.sampled_from(
    [
        *(b"\x1b", b"\x1b[", b"\x1b]", b"\x1bP", b"\x07", b"\x1b\\", b"?", b";", b"c", b"$p", b"\n", b"\r\n", b"\xff"),
        *(b'{"type":', b'"terminal_input"', b"}", b"[", b"]", b"=", b'"', b"%", b"\xe6\xbc", b"\xa1v", b"9" * 30),
    ]
)


def _inputs(name: str) -> st.SearchStrategy[bytes]:
    """A seed with something put into it, pieces of the grammars in any order, or bytes."""
    damaged = st.builds(
        lambda seed, at, new, cut: seed[: at % len(seed)] + new + seed[at % len(seed) + cut :],
        st.sampled_from(SEEDS[name]),
        st.integers(0, 10_000),
        st.binary(max_size=8) | _PIECES,
        st.integers(0, 8),
    )
    return damaged | st.lists(_PIECES | st.binary(max_size=4), max_size=40).map(b"".join) | st.binary(max_size=300)


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_comes(name: str) -> None:
    @settings(max_examples=300, derandomize=True, deadline=None, database=None)
    @given(_inputs(name))
    def feed(data: bytes) -> None:
        TARGETS[name](data)

    for seed in SEEDS[name]:
        TARGETS[name](seed)
    feed()


@pytest.mark.parametrize("name", TARGETS)
def test_long_and_deep(name: str) -> None:
    for data in (
        b"[" * 200_000,
        b"\x91" * 200_000,
        b"\xdf\xff\xff\xff\xff",
        b"a." * 50_000 + b"=1",
        b"\x1b]" * 100_000,
    ):
        TARGETS[name](data)
