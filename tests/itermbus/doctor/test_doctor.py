"""`itermbus doctor`, over a running system that is broken in one way after another."""

import json
import os
import signal
from collections.abc import Iterator

import psutil
import pytest

from itermbus import exit_codes
from itermbus.supervisor_client import SupervisorClient
from tests.itermbus.support import Home, new_home, wait_until


@pytest.fixture(scope="module")
def running() -> Iterator[Home]:
    with new_home() as home:
        assert home.run("up", "--headless", "--detach").returncode == exit_codes.OK
        wait_until(lambda: all_run(home), "the first session's worker")
        yield home


def all_run(home: Home) -> bool:
    processes = SupervisorClient(home.paths.supervisor_socket).processes()
    return len(processes) == 4 and all(p.is_running for p in processes)


def examine(home: Home) -> tuple[int, dict[str, tuple[str, str]]]:
    """The exit code, and state and text by check; the worst of each."""
    done = home.run("doctor", "--json")
    answer = json.loads(done.stdout)
    assert answer["exit_code"] == done.returncode
    order = ["ok", "note", "warning", "problem"]
    found: dict[str, tuple[str, str]] = {}
    for one in sorted(answer["findings"], key=lambda one: order.index(one["state"])):
        found[one["check"]] = (one["state"], one["text"])
    return done.returncode, found


def windows(home: Home) -> int:
    return len(json.loads(home.run("sessions", "--json").stdout))


def test_all_well_with_a_round_trip_that_leaves_nothing(running: Home) -> None:
    code, found = examine(running)
    assert code == exit_codes.OK, found
    well = {"packages", "Python", "config", "socket paths", "run folder", "sockets", "stale files", "processes"}
    well |= {"iTerm2 connection", "sessions", "gateway", "round trip"}
    assert {name for name, (state, _) in found.items() if state == "ok"} >= well
    wait_until(lambda: windows(running) == 1, "the window of the round trip to be gone")
    assert "Nothing is wrong." in running.run("doctor").stdout


def test_a_gateway_that_hangs(running: Home) -> None:
    [pid] = [p.pid for p in SupervisorClient(running.paths.supervisor_socket).processes() if p.name == "gateway"]
    psutil.Process(pid).suspend()
    try:
        table = running.run("doctor")
        assert table.returncode == exit_codes.FAILURE
        assert "-> itermbus restart gateway" in table.stdout
        assert "One problem." in table.stdout
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_broker_that_is_stopped(running: Home) -> None:
    assert running.supervisorctl("stop", "broker").returncode == 0
    code, found = examine(running)
    assert code == exit_codes.FAILURE
    assert found["processes"] == ("problem", "broker does not run (stopped). it was stopped")
    assert running.supervisorctl("start", "broker").returncode == 0
    wait_until(lambda: examine(running)[0] == exit_codes.OK, "all well again")


def test_a_folder_that_others_can_enter_is_not_asked_any_further(running: Home) -> None:
    running.paths.run.chmod(0o755)
    try:
        code, found = examine(running)
        assert code == exit_codes.FAILURE
        assert found["run folder"][0] == "problem"
        assert "gateway" not in found
    finally:
        running.paths.run.chmod(0o700)


def test_where_nothing_runs(home: Home) -> None:
    code, found = examine(home)
    assert code == exit_codes.OK
    assert found["processes"] == ("warning", "itermbus is not running")
    assert found["run folder"][0] == "note"
    assert not home.paths.root.exists(), "to look changes nothing"


def test_a_configuration_that_cannot_be_used(home: Home) -> None:
    home.run("init")
    home.paths.config.write_text("[gateway]\nclients = 0\n")
    code, found = examine(home)
    assert code == exit_codes.FAILURE
    assert found["config"][0] == "problem"
    assert "gateway.clients" in found["config"][1]
