"""The conformance tests against a real iTerm2: `make test-iterm2`, on a Mac where it runs."""

import pytest

from tests.conformance.sessions import *  # noqa: F403
from tests.conformance.watching import *  # noqa: F403
from tests.conformance.windows import *  # noqa: F403

pytestmark = pytest.mark.iterm2
