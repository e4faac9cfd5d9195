"""Fixtures of the command line's tests."""

from collections.abc import Iterator

import pytest

from tests.itermbus.support import Home, new_home


@pytest.fixture
def home() -> Iterator[Home]:
    """An empty home folder; what runs in it is stopped afterwards."""
    with new_home() as fresh:
        yield fresh
