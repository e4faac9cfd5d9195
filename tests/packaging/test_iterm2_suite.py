"""The suite for a real iTerm2 is there when it is asked for, and no part of a usual run."""

import subprocess
import sys

from bus.paths import CODE


def collected(*arguments: str) -> list[str]:
    """The tests that pytest would run."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=CODE, capture_output=True, text=True, timeout=100, check=False)
    return [line.partition("::")[2] for line in done.stdout.splitlines() if "::" in line]


def test_it_is_run_only_on_request() -> None:
    assert collected("tests/iterm2") == []
    assert collected("-m", "iterm2", "tests/iterm2") == collected("tests/headless/test_conformance.py") != []
