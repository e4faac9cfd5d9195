"""For all tests: asserts in shared modules say as much as those in the tests themselves, and no figure is a failure."""

import pytest
from hypothesis import settings

# Before anything imports them.
pytest.register_assert_rewrite(
    "tests.support", "tests.conformance", "tests.end_to_end.node_client", "tests.end_to_end.client2"
)

# How long an example takes says something about the machine, not about the code.
settings.register_profile("itermbus", deadline=None)
settings.load_profile("itermbus")
