"""The conformance tests against the headless host: one host for all, which each test leaves as it was."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.sessions import *  # noqa: F403
from tests.conformance.stage import Play, Scene, perform
from tests.conformance.watching import *  # noqa: F403
from tests.conformance.windows import *  # noqa: F403
from tests.headless.conftest import HostProcess, wait_until


@pytest.fixture(scope="module")
def shared_host() -> Iterator[HostProcess]:
    """A host with an undo period that ends within the test."""
    home = Path(tempfile.mkdtemp(prefix="hh", dir="/tmp"))
    host = HostProcess(home, "--undo-seconds", "0.1")
    try:
        host.wait_ready()
        yield host
    finally:
        host.end()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def play(shared_host: HostProcess) -> Play:
    def run(scene: Scene) -> None:
        before = set(shared_host.control(request="statistics")["sessions"])
        saved = dict(os.environ)
        os.environ.update(HOME=str(shared_host.home), ITERM2_COOKIE=shared_host.cookie())
        try:
            asyncio.run(perform(scene))
        finally:
            os.environ.clear()
            os.environ.update(saved)
        wait_until(
            lambda: set(shared_host.control(request="statistics")["sessions"]) <= before, "nothing of the test is left"
        )

    return run
