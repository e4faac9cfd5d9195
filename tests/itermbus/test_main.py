"""The command line itself: help, usage, exit codes, output without a terminal."""

import pytest

from bus import version
from itermbus import exit_codes
from tests.itermbus.support import Home

COMMANDS = (
    *("up", "down", "restart", "status", "top", "sessions", "logs", "config", "doctor"),
    *("install", "uninstall", "init", "supervise", "env", "version"),
    "trace",
    "attach",
    "send",
    "snapshot",
    "last",
)


def test_help_names_every_command_and_exit_code(home: Home) -> None:
    done = home.run("--help")
    assert done.returncode == exit_codes.OK
    text = " ".join(done.stdout.split())
    for command in COMMANDS:
        assert command in text
    for code in exit_codes.MEANINGS:
        assert f" {code} " in text


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command_has_an_example(home: Home, command: str) -> None:
    done = home.run(command, "--help")
    assert done.returncode == exit_codes.OK
    assert f"Example: itermbus {command}" in done.stdout


@pytest.mark.parametrize("arguments", [("nonsense",), ("up", "--nonsense"), ("status", "extra")])
def test_wrong_arguments(home: Home, arguments: tuple[str, ...]) -> None:
    done = home.run(*arguments)
    assert done.returncode == exit_codes.USAGE
    assert arguments[-1] in done.stderr
    assert not home.paths.root.exists()


@pytest.mark.parametrize("command", ["status", "sessions", "restart", "config", "doctor", "env"])
def test_what_a_script_would_want_has_json(home: Home, command: str) -> None:
    assert "--json" in home.run(command, "--help").stdout


def test_version(home: Home) -> None:
    done = home.run("version")
    assert done.returncode == exit_codes.OK
    assert done.stdout.splitlines()[0] == f"itermbus {version.release()}"
