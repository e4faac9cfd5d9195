"""All of it, as a user has it: `up` until a client can type, `status`, Ctrl-C, `down`."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from itermbus import exit_codes
from itermbus.supervisor_client import SupervisorClient
from tests.itermbus.support import BIN, PATIENCE, Client, Home, new_home, stop, wait_until
from tests.itermbus.typing_client import type_and_read

READY = "The gateway listens at"


def up(home: Home, *arguments: str) -> subprocess.Popen[str]:
    """`itermbus up` in the foreground, until it says what to do next."""
    process = home.start("up", "--headless", *arguments)
    wait_until(lambda: process.poll() is not None or READY in home.output.read_text(), "up")
    assert process.poll() is None, home.output.read_text()
    return process


def nothing_is_left(home: Home) -> bool:
    return not home.processes() and not home.sockets() and not list(home.paths.conf_d.glob("pty-*"))


def type_something(home: Home) -> None:
    with Client(home.paths.gateway_socket) as client:
        type_and_read(client)


def test_up_shows_everything_and_ctrl_c_leaves_nothing(home: Home) -> None:
    process = up(home)
    text = home.output.read_text()
    for name in ("headless", "broker", "gateway"):
        assert re.search(rf"^{name}: running \(pid \d+\)$", text, re.MULTILINE), text
    assert f"{READY} {home.paths.gateway_socket}" in text
    assert "\x1b" not in text
    type_something(home)
    assert all(p.stat().st_mode & 0o077 == 0 for p in home.paths.run.iterdir())
    assert stop(process, signal.SIGINT) == exit_codes.OK
    assert home.output.read_text().endswith("itermbus is stopped.\n")
    assert nothing_is_left(home)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_stop_it_too(home: Home, number: int) -> None:
    assert stop(up(home), number) == exit_codes.OK
    assert nothing_is_left(home)


def test_ctrl_c_while_it_starts(home: Home) -> None:
    process = home.start("up", "--headless")
    wait_until(lambda: home.output.exists() and "starting" in home.output.read_text(), "the first process")
    assert stop(process, signal.SIGINT) == exit_codes.INTERRUPTED
    assert nothing_is_left(home)


def test_detach_status_and_down(home: Home) -> None:
    done = home.run("up", "--headless", "--detach")
    assert done.returncode == exit_codes.OK, done.stderr
    assert f"{READY} {home.paths.gateway_socket}" in done.stdout
    assert home.run("up").returncode == exit_codes.ALREADY_RUNNING
    type_something(home)

    done = home.run("status")
    assert done.returncode == exit_codes.OK, done.stdout
    lines = done.stdout.splitlines()
    for name in ("headless", "broker", "gateway", "pty-[0-9A-F-]{36}"):
        assert [line for line in lines if re.match(rf"{name} +RUNNING +\d+ +0:0\d:\d\d\b", line)], name
    assert [line for line in lines if re.match(r"iTerm2 +connected", line)]
    assert [line for line in lines if re.match(r"[0-9A-F-]{36} +80x25 +yes ", line)]
    assert str(home.paths.gateway_socket) in done.stdout

    report = json.loads(home.run("status", "--json").stdout)
    assert report["running"] is True
    assert report["pid"] == SupervisorClient(home.paths.supervisor_socket).pid()
    assert report["iterm2"]["state"] == "connected"
    assert [s["attached"] for s in report["sessions"]] == [True]
    assert {p["state"] for p in report["processes"]} == {"RUNNING"}
    assert report["problems"] == []

    assert home.run("down").returncode == exit_codes.OK
    assert nothing_is_left(home)
    assert home.run("status").returncode == exit_codes.NOT_RUNNING


def test_without_iterm2_it_waits_for_it_and_says_so(home: Home) -> None:
    done = home.run("up", "--no-headless", "--detach")
    assert done.returncode == exit_codes.OK, done.stderr
    assert "iTerm2 is not available" in done.stdout
    done = home.run("status")
    assert done.returncode == exit_codes.DEGRADED
    assert re.search(r"^iTerm2 +(not installed|not running)", done.stdout, re.MULTILINE), done.stdout
    assert "Problem  iTerm2 is not connected" in done.stdout
    assert home.run("down").returncode == exit_codes.OK
    assert nothing_is_left(home)


def test_status_when_parts_are_stopped(home: Home) -> None:
    assert home.run("up", "--headless", "--detach").returncode == exit_codes.OK
    assert home.supervisorctl("stop", "gateway").returncode == 0
    done = home.run("status")
    assert done.returncode == exit_codes.DEGRADED
    assert re.search(r"^gateway +STOPPED", done.stdout, re.MULTILINE)
    assert "Problem  gateway does not run" in done.stdout
    assert home.supervisorctl("stop", "broker").returncode == 0
    done = home.run("status", "--json")
    assert done.returncode == exit_codes.DEGRADED
    report = json.loads(done.stdout)
    assert report["iterm2"] is None
    assert report["sessions"] is None
    assert home.run("down").returncode == exit_codes.OK


def test_a_process_that_cannot_start_is_named_with_its_log(home: Home) -> None:
    home.run("init")
    with socket.socket(socket.AF_UNIX) as taken:
        taken.bind(str(home.paths.gateway_socket))
        taken.listen()
        done = home.run("up", "--headless")
        assert done.returncode == exit_codes.FAILURE
        assert "itermbus: gateway did not start" in done.stderr
        assert str(home.paths.log / "gateway.log") in done.stderr
        assert str(home.paths.gateway_socket) in done.stderr
        assert home.processes() == []
        assert home.sockets() == ["gateway.sock"]


def test_when_supervisord_is_killed(home: Home) -> None:
    process = up(home)
    psutil.Process(SupervisorClient(home.paths.supervisor_socket).pid()).kill()
    assert process.wait(PATIENCE) == exit_codes.FAILURE
    assert "supervisord ended" in home.output.read_text()
    assert nothing_is_left(home)


def test_when_it_is_stopped_from_elsewhere(home: Home) -> None:
    process = up(home)
    assert home.run("down").returncode == exit_codes.OK
    assert process.wait(PATIENCE) == exit_codes.OK
    assert nothing_is_left(home)


def test_after_a_crash_of_everything(home: Home) -> None:
    assert home.run("up", "--headless", "--detach").returncode == exit_codes.OK
    type_something(home)
    for process in home.processes():
        process.kill()
    assert home.run("status").returncode == exit_codes.NOT_RUNNING
    assert home.run("up", "--headless", "--detach").returncode == exit_codes.OK
    type_something(home)
    assert home.run("down").returncode == exit_codes.OK
    assert nothing_is_left(home)


def test_after_a_crash_of_supervisord_alone(home: Home) -> None:
    assert home.run("up", "--headless", "--detach").returncode == exit_codes.OK
    psutil.Process(SupervisorClient(home.paths.supervisor_socket).pid()).kill()
    assert home.run("up", "--headless", "--detach").returncode == exit_codes.OK
    type_something(home)
    assert home.run("status").returncode == exit_codes.OK
    assert home.run("down").returncode == exit_codes.OK
    assert nothing_is_left(home)


@pytest.mark.parametrize("name", ["a home", "100%s"])
def test_a_home_folder_with_an_odd_name(name: str) -> None:
    with new_home(name) as home:
        done = home.run("up", "--headless", "--detach")
        assert done.returncode == exit_codes.OK, done.stderr
        type_something(home)
        assert home.run("status").returncode == exit_codes.OK
        assert home.run("down").returncode == exit_codes.OK
        assert nothing_is_left(home)


def test_plain_supervisor_in_the_checkout(home: Home) -> None:
    assert home.run("init", "--headless").returncode == exit_codes.OK
    assert home.supervisord().returncode == 0

    def all_running() -> bool:
        lines = home.supervisorctl("status").stdout.splitlines()
        states = dict(line.split()[:2] for line in lines)
        names = {"broker", "gateway", "headless"}
        return names <= states.keys() and len(states) == len(names) + 1 and set(states.values()) == {"RUNNING"}

    wait_until(all_running, "three processes and a session's")
    type_something(home)
    assert home.supervisorctl("shutdown").returncode == 0
    wait_until(lambda: not home.processes(), "the end of all processes")
    assert home.run("status").returncode == exit_codes.NOT_RUNNING


@contextmanager
def up_on_a_terminal(home: Home) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`itermbus up` with a terminal of its own, until it is ready; yields it and the terminal's other side."""
    master, slave = pty.openpty()
    # As a login has it: the terminal is the controlling one, so that the kernel sends the signals.
    login = "import os, sys; os.login_tty(0); os.execv(sys.argv[1], sys.argv[1:])"
    process = subprocess.Popen(
        [str(BIN / "python"), "-c", login, str(BIN / "itermbus"), "up", "--headless"],
        env=home.environment | {"TERM": "xterm-256color"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    try:
        seen = read_until(master, READY.encode())
        assert b"\x1b[" in seen
        assert "✓".encode() in seen
        supervisord = SupervisorClient(home.paths.supervisor_socket).pid()
        assert os.getsid(supervisord) != os.getsid(process.pid), "the terminal's Ctrl-C would reach it too"
        yield process, master
    finally:
        process.kill()
        process.wait()


def test_on_a_terminal_ctrl_c_stops_it(home: Home) -> None:
    with up_on_a_terminal(home) as (process, master):
        os.write(master, b"\x03")
        read_until(master, b"itermbus is stopped.")
        assert process.wait(PATIENCE) == exit_codes.OK
        os.close(master)
    assert nothing_is_left(home)


def test_a_closed_terminal_stops_it(home: Home) -> None:
    with up_on_a_terminal(home) as (process, master):
        os.close(master)
        assert process.wait(PATIENCE) == exit_codes.OK
    assert nothing_is_left(home)


def read_until(master: int, text: bytes) -> bytes:
    """Reads a terminal's output until `text` is in it."""
    seen = b""
    deadline = time.monotonic() + PATIENCE
    while text not in seen:
        assert time.monotonic() < deadline, seen
        seen += os.read(master, 65536)
    return seen


def test_the_example_for_node(home: Home, tmp_path: Path) -> None:
    done = home.run("up", "--headless", "--detach")
    (example,) = re.findall(r"node -e '(.*)'", done.stdout)
    with subprocess.Popen(["node", "-e", example], stdout=subprocess.PIPE, cwd=tmp_path) as node:
        assert node.stdout is not None
        assert json.loads(node.stdout.readline())["type"] == "sessions"
        node.kill()
