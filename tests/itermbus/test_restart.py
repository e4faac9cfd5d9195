"""`itermbus restart`: one at a time, each until its successor answers."""

import json
import os
import signal
from collections.abc import Iterator

import psutil
import pytest

from itermbus import exit_codes
from itermbus.supervisor_client import ProcessInfo, SupervisorClient
from tests.itermbus.support import Home, new_home, wait_until
from tests.itermbus.test_up import READY, type_something


@pytest.fixture(scope="module")
def running() -> Iterator[Home]:
    with new_home() as home:
        assert home.run("up", "--headless", "--detach").returncode == exit_codes.OK
        wait_until(lambda: _workers(home), "the first session's worker")
        yield home


def _processes(home: Home) -> dict[str, ProcessInfo]:
    return {p.name: p for p in SupervisorClient(home.paths.supervisor_socket).processes()}


def _workers(home: Home) -> list[str]:
    return [name for name, p in _processes(home).items() if name.startswith("pty-") and p.is_running]


@pytest.mark.parametrize("name", ["broker", "gateway"])
def test_the_new_process_runs_and_the_others_are_the_old_ones(running: Home, name: str) -> None:
    before = _processes(running)
    done = running.run("restart", name)
    assert done.returncode == exit_codes.OK, done.stderr
    after = _processes(running)
    assert after[name].is_running
    assert not psutil.pid_exists(before[name].pid)
    assert f"{name}  restarted" in done.stdout
    assert f"(pid {before[name].pid} -> {after[name].pid})" in done.stdout
    assert [n for n in before if before[n].pid != after[n].pid] == [name]
    type_something(running)


def test_a_worker_by_the_beginning_of_its_id_and_as_json(running: Home) -> None:
    [name] = _workers(running)
    before = _processes(running)[name].pid
    done = running.run("restart", "--json", name[:12].lower())
    answer = json.loads(done.stdout)
    assert done.returncode == answer["exit_code"] == exit_codes.OK
    [one] = answer["restarted"]
    assert (one["name"], one["old_pid"], one["error"]) == (name, before, "")
    assert one["pid"] == _processes(running)[name].pid != before


def test_all_of_them_but_the_host_whose_children_are_the_shells(running: Home) -> None:
    before = _processes(running)
    done = running.run("restart", "all")
    assert done.returncode == exit_codes.OK, done.stdout
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["broker", "gateway", *_workers(running)]
    after = _processes(running)
    assert {n for n in before if before[n].pid == after[n].pid} == {"headless"}
    type_something(running)


def test_one_that_hangs_is_killed_and_comes_back(running: Home) -> None:
    before = _processes(running)["gateway"].pid
    os.kill(before, signal.SIGSTOP)
    assert running.run("restart", "gateway").returncode == exit_codes.OK
    assert _processes(running)["gateway"].pid != before
    type_something(running)


def test_one_that_was_stopped_is_started(running: Home) -> None:
    running.supervisorctl("stop", "gateway")
    assert running.run("restart", "gateway").returncode == exit_codes.OK
    type_something(running)


@pytest.mark.parametrize("name", ["", "gatewa", "pty-FFFF", "no\x1b[2Jno\n", "x" * 100_000])
def test_a_name_of_nothing_is_refused_with_those_there_are(running: Home, name: str) -> None:
    before = _processes(running)
    done = running.run("restart", "broker", name)
    assert done.returncode == exit_codes.USAGE
    assert "There are: broker, gateway, headless, pty-" in done.stderr
    assert len(done.stderr) < 1000
    assert {n: p.pid for n, p in before.items()} == {n: p.pid for n, p in _processes(running).items()}


def test_without_a_name_it_says_which_there_are(running: Home) -> None:
    done = running.run("restart")
    assert done.returncode == exit_codes.USAGE
    assert "which process? There are: broker, gateway, headless, pty-" in done.stderr


def test_where_nothing_runs(home: Home) -> None:
    for _ in range(2):
        done = home.run("restart", "all")
        assert done.returncode == exit_codes.NOT_RUNNING
        assert done.stderr == "itermbus: itermbus is not running. `itermbus up` starts it.\n"
        home.run("init", "--headless")
    answer = json.loads(home.run("restart", "--json", "all").stdout)
    assert answer["exit_code"] == exit_codes.NOT_RUNNING


def test_what_does_not_come_back_is_said_and_the_rest_left_alone(home: Home) -> None:
    process = home.start("up", "--headless")
    wait_until(lambda: READY in home.output.read_text(), "up")
    gateway = _processes(home)["gateway"].pid
    home.paths.config.write_text("[broker]\nreconcile_seconds = 'often'\n")
    done = home.run("restart", "broker", "gateway", "--json", seconds=90)
    answer = json.loads(done.stdout)
    assert done.returncode == answer["exit_code"] == exit_codes.FAILURE
    assert answer["left"] == ["gateway"]
    assert "does not run" in answer["restarted"][0]["error"]
    assert _processes(home)["gateway"].pid == gateway
    home.paths.config.unlink()
    assert home.run("restart", "all").returncode == exit_codes.OK
    process.send_signal(signal.SIGINT)
    process.wait(60)
