"""`itermbus env`: a program with the unmodified `iterm2` package gets in with what it prints."""

import json
import os
import pwd
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from itermbus import exit_codes
from tests.itermbus.support import PATIENCE, Home, wait_until

#: What any script for iTerm2 does.
_SCRIPT = """\
import iterm2

async def main(connection):
    app = await iterm2.async_get_app(connection)
    print("columns", await app.windows[0].tabs[0].sessions[0].async_get_variable("columns"))

iterm2.run_until_complete(main)
"""


@contextmanager
def running_host(home: Home, *arguments: str) -> Iterator[None]:
    """A headless host without the rest of the bus."""
    home.run("init", "--headless")
    process = home.spawn([sys.executable, "-P", "-m", "headless", *arguments])
    try:
        wait_until(lambda: home.run("env").returncode == 0 or process.poll() is not None, "the host to give cookies")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


@pytest.mark.parametrize("form", ['eval "$(itermbus env)"', "eval $(itermbus env)"])
def test_an_unmodified_script_runs(home: Home, form: str) -> None:
    script = home.path / "script.py"
    script.write_text(_SCRIPT)
    with running_host(home):
        done = subprocess.run(
            ["/bin/sh", "-c", f"{form} && exec {shlex.quote(sys.executable)} {script}"],
            env=home.environment,
            cwd="/",
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert done.stdout == "columns 80\n", done.stderr


def test_each_call_gives_another_cookie(home: Home) -> None:
    with running_host(home):
        one, two = (home.run("env").stdout.splitlines() for _ in range(2))
        names = [line.partition("=")[0] for line in one]
        assert names == ["export HOME", "export ITERM2_COOKIE", "export ITERM2_KEY"]
        assert one[0] == f"export HOME={home.path}"
        assert one[1] != two[1]


def test_json_holds_the_same_names(home: Home) -> None:
    with running_host(home):
        found = json.loads(home.run("env", "--json").stdout)
    assert sorted(found) == ["HOME", "ITERM2_COOKIE", "ITERM2_KEY"]
    assert len(found["ITERM2_COOKIE"]) == 32
    assert found["HOME"] == str(home.path) != pwd.getpwuid(os.geteuid()).pw_dir


def test_another_suite_is_named_and_quoted(home: Home) -> None:
    home.environment["IT2_SUITE"] = "my suite"
    with running_host(home):
        del home.environment["IT2_SUITE"]
        assert "export IT2_SUITE='my suite'" in home.run("env").stdout.splitlines()


@pytest.mark.parametrize("leftover", [False, True], ids=["never started", "killed"])
def test_without_a_host_nothing_is_printed_to_evaluate(home: Home, leftover: bool) -> None:
    if leftover:
        home.run("init", "--headless")
        process = home.spawn([sys.executable, "-P", "-m", "headless"])
        wait_until(lambda: home.run("env").returncode == 0, "the host to give cookies")
        process.kill()
        process.wait(PATIENCE)
    done = home.run("env")
    assert done.returncode == exit_codes.NOT_RUNNING
    assert done.stdout == ""
    assert "no headless host runs" in done.stderr
