"""A short run with a fixed seed; `make chaos` is the long one."""

import sys

import pytest

from tests.chaos.run import run
from tests.chaos.stream import expected, locate


@pytest.mark.timeout(400)
def test_a_short_run_of_chaos_loses_nothing() -> None:
    verdict = run(seed=4, seconds=25, python=sys.executable)
    assert verdict.wrong == []
    assert sum(verdict.faults.values()) > 10


@pytest.mark.parametrize("position", [0, 1, 63, 64, 1000, 123_456_789])
def test_a_piece_of_the_stream_says_where_it_is(position: int) -> None:
    piece = expected(position, 300, "key")
    assert len(piece) == 300
    assert locate(piece, "key") == position
    assert locate(piece, "another") is None
