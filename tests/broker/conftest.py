from collections.abc import Iterator

import pytest

from tests.broker.host import Host
from tests.broker.system import System
from tests.support import temporary_home


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """One running system for the tests of a module; each test leaves it running."""
    with temporary_home() as home:
        running = System(home)
        try:
            running.wait_up()
            yield running
        finally:
            running.close()


@pytest.fixture(scope="module")
def faulty() -> Iterator[tuple[Host, System]]:
    """A running system with a host of its own that misbehaves on request, and whose user can undo a close."""
    with temporary_home() as home:
        host = Host(home, undo_seconds=60)
        host.start()
        try:
            running = System(home, headless=False)
            try:
                running.wait_up()
                yield host, running
            finally:
                running.close()
        finally:
            host.stop()
