from collections.abc import Iterator

import pytest

from tests.broker.host import Host, running_host
from tests.broker.system import System, running_system
from tests.support import temporary_home


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """One running system for the tests of a module; each test leaves it running."""
    with temporary_home() as home, running_system(home) as running:
        yield running


@pytest.fixture(scope="module")
def faulty() -> Iterator[tuple[Host, System]]:
    """A running system with a host of its own that misbehaves on request, and whose user can undo a close."""
    with (
        temporary_home() as home,
        running_host(home, undo_seconds=60) as host,
        running_system(home, headless=False) as running,
    ):
        yield host, running
