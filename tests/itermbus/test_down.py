"""`itermbus down` and `status` without a working instance; the whole of it is in `test_up.py`."""

import json
import signal

import pytest

from itermbus import exit_codes
from tests.itermbus.support import Home
from tests.itermbus.test_instance import orphan, supervise


@pytest.mark.parametrize("prepared", [False, True])
@pytest.mark.parametrize("command", ["down", "status"])
def test_not_running(home: Home, prepared: bool, command: str) -> None:
    if prepared:
        home.run("init")
    done = home.run(command)
    assert done.returncode == exit_codes.NOT_RUNNING
    assert "not running" in done.stdout
    assert home.paths.root.exists() == prepared


def test_status_for_scripts_when_not_running(home: Home) -> None:
    done = home.run("status", "--json")
    assert done.returncode == exit_codes.NOT_RUNNING
    report = json.loads(done.stdout)
    assert report["running"] is False
    assert report["exit_code"] == exit_codes.NOT_RUNNING
    assert report["sessions"] is None


def test_down_ends_what_a_killed_supervisord_left(home: Home) -> None:
    process = supervise(home)
    process.kill()
    process.wait()
    left = orphan(home)
    assert home.run("down").returncode == exit_codes.OK
    assert left.wait(1) != 0
    assert home.run("down").returncode == exit_codes.NOT_RUNNING


def test_down_when_supervisord_hangs(home: Home) -> None:
    process = supervise(home)
    process.send_signal(signal.SIGSTOP)
    done = home.run("status")
    assert done.returncode == exit_codes.DEGRADED
    assert "supervisord does not answer" in done.stdout
    done = home.run("down")
    assert done.returncode == exit_codes.OK
    assert str(process.pid) in done.stdout
    assert process.wait(1) == -signal.SIGKILL
    assert home.processes() == []
    assert home.sockets() == []
