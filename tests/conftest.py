"""For all tests: asserts in shared modules say as much as those in the tests themselves."""

import pytest

# Before anything imports them.
pytest.register_assert_rewrite("tests.support", "tests.conformance", "tests.end_to_end.node_client")
