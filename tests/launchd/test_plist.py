"""The launchd agent: its keys, and its very program in an environment as bare as launchd's.

There is no launchd where this is tested. Keys and types are those of launchd.plist(5).
"""

import os
import plistlib
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bus.paths import CODE
from itermbus import exit_codes, installation, instance
from tests.itermbus.support import Client, Home, new_home, wait_until

#: key -> type, from launchd.plist(5). KeepAlive is a boolean or a dictionary.
TYPES: dict[str, type | tuple[type, ...]] = {
    "Label": str,
    "ProgramArguments": list,
    "EnvironmentVariables": dict,
    "LimitLoadToSessionType": (str, list),
    "RunAtLoad": bool,
    "KeepAlive": (bool, dict),
    "ThrottleInterval": int,
    "ProcessType": str,
    "ExitTimeOut": int,
    "WorkingDirectory": str,
}


@pytest.fixture(scope="module")
def plist() -> dict[str, Any]:
    path = CODE / "launchd" / "com.itermbus.supervisord.plist"
    assert installation.launchd_plist().read_bytes() == path.read_bytes()
    loaded = plistlib.loads(path.read_bytes(), fmt=plistlib.FMT_XML)
    assert isinstance(loaded, dict)
    return loaded


@pytest.fixture
def bare() -> Iterator[Home]:
    """A home folder whose processes get what launchd gives and no more."""
    with new_home() as home:
        home.environment = {"HOME": str(home.path), "USER": "somebody", "PATH": "/usr/bin:/bin"}
        yield home


def log_of(home: Home) -> str:
    return (home.paths.log / "launchd.log").read_text()


def test_keys_and_types(plist: dict[str, Any]) -> None:
    assert set(plist) <= set(TYPES)
    for key, value in plist.items():
        assert isinstance(value, TYPES[key]), key
        assert not (TYPES[key] is int and isinstance(value, bool)), key
    assert plist["Label"] == "com.itermbus.supervisord"
    assert plist["RunAtLoad"] is True
    assert plist["KeepAlive"] == {"SuccessfulExit": False}
    assert plist["LimitLoadToSessionType"] == "Aqua"
    assert plist["ProcessType"] in ("Background", "Standard", "Adaptive", "Interactive")
    assert all(isinstance(argument, str) for argument in plist["ProgramArguments"])
    assert Path(plist["ProgramArguments"][0]).is_absolute()


def test_environment(plist: dict[str, Any]) -> None:
    environment = plist["EnvironmentVariables"]
    assert all(isinstance(value, str) for value in environment.values())
    path = environment["PATH"].split(":")
    assert {"/usr/bin", "/bin", "/opt/homebrew/bin", "/usr/local/bin"} <= set(path)
    assert environment["LANG"].endswith(".UTF-8")


def test_it_is_nobodys_in_particular() -> None:
    text = installation.launchd_plist().read_text()
    assert not re.search(r"/Users/|/home/|UserName|GroupName", text)


def test_the_shell_line_is_portable(plist: dict[str, Any]) -> None:
    assert subprocess.run(["/bin/sh", "-n", "-c", plist["ProgramArguments"][2]], check=False).returncode == 0


def test_nothing_installed(plist: dict[str, Any], bare: Home) -> None:
    if any(os.access(f"{folder}/itermbus", os.X_OK) for folder in ("/opt/homebrew/bin", "/usr/local/bin")):
        pytest.skip("itermbus is installed on this machine")
    assert bare.spawn(plist["ProgramArguments"]).wait(10) == exit_codes.SETUP
    assert "itermbus is not installed" in log_of(bare)
    assert bare.paths.root.stat().st_mode & 0o077 == 0
    for folder in (bare.paths.log, bare.paths.root):
        for file in folder.glob("*.log"):
            file.unlink()
        folder.rmdir()


def installed_by_init(home: Home) -> None:
    """As after `itermbus init`: the link in ~/.itermbus names the installation."""
    assert home.run("init").returncode == exit_codes.OK


def installed_by_pipx(home: Home) -> None:
    """As after `pipx install`, and nothing was ever started: there is no ~/.itermbus."""
    folder = home.path / ".local" / "bin"
    folder.mkdir(parents=True)
    (folder / "itermbus").symlink_to(home.bin / "itermbus")


@pytest.mark.parametrize("installed", [installed_by_init, installed_by_pipx])
def test_from_login_to_ready(plist: dict[str, Any], bare: Home, installed: Any) -> None:
    installed(bare)
    agent = bare.spawn(plist["ProgramArguments"])
    wait_until(lambda: agent.poll() is not None or bare.paths.gateway_socket.exists(), "the gateway's socket")
    assert agent.poll() is None, log_of(bare)
    with Client(bare.paths.gateway_socket) as client:
        kinds = [message["type"] for message in client.until("ready")]
    # A client this early may be told first that there is nothing to show yet.
    assert next(kind for kind in kinds if kind not in ("error", "terminal_data")) == "sessions", kinds
    running = instance.find(bare.paths)
    assert running is not None
    assert running.pid == agent.pid, "launchd has to watch supervisord itself"
    agent.send_signal(signal.SIGTERM)
    assert agent.wait(plist["ExitTimeOut"]) == 0, "with another code launchd would start it again"
    assert bare.processes() == []


def test_a_second_start_leaves_the_first_alone(plist: dict[str, Any], bare: Home) -> None:
    installed_by_init(bare)
    first = bare.spawn(plist["ProgramArguments"])
    wait_until(lambda: bare.paths.supervisor_socket.exists(), "supervisord")
    second = bare.spawn(plist["ProgramArguments"])
    assert second.wait(20) == exit_codes.ALREADY_RUNNING
    assert "already running since 20" in log_of(bare)
    assert f"(pid {first.pid})" in log_of(bare)
    assert first.poll() is None


def test_with_the_locale_of_the_plist(plist: dict[str, Any], bare: Home) -> None:
    installed_by_init(bare)
    bare.environment |= plist["EnvironmentVariables"]
    agent = bare.spawn(plist["ProgramArguments"])
    wait_until(lambda: agent.poll() is not None or bare.paths.supervisor_socket.exists(), "supervisord")
    assert agent.poll() is None, log_of(bare)
