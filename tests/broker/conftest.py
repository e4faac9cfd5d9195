from collections.abc import Iterator

import pytest

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
