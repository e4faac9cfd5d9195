"""One instance for each home folder: the lock, the second start, what a crash or a power cut leaves."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import psutil
import pytest

from bus.errors import AlreadyRunning
from itermbus import exit_codes, installation, instance, leftovers
from itermbus.supervisor_client import SupervisorClient, listens
from tests.itermbus.support import SESSION_ID, Home, stop, wait_until


def supervise(home: Home) -> subprocess.Popen[str]:
    """supervisord by way of the launcher, up to the point where it answers."""
    process = home.start("supervise", "--headless")
    wait_until(lambda: process.poll() is not None or listens(home.paths.supervisor_socket), "supervisord")
    assert process.poll() is None, home.output.read_text()
    return process


def picture(home: Home) -> dict[Path, tuple[int, int, int]]:
    """Everything in the run-time folder that a second start must not touch."""
    kept = [home.paths.lock, home.paths.supervisor_socket, home.paths.environment, installation.conf_link(home.paths)]
    kept.append(installation.headless_conf(home.paths))
    return {p: (p.lstat().st_ino, p.lstat().st_size, p.lstat().st_mtime_ns) for p in kept}


def leave_socket(path: Path) -> None:
    """A socket that nobody listens at, as a power cut leaves it."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))


def test_supervise_becomes_supervisord_and_holds_the_lock(home: Home) -> None:
    process = supervise(home)
    assert SupervisorClient(home.paths.supervisor_socket).pid() == process.pid
    found = instance.find(home.paths)
    assert found is not None
    assert found.pid == process.pid
    with pytest.raises(AlreadyRunning, match=f"already running since .* \\(pid {process.pid}\\)"):
        os.close(instance.take_lock(home.paths))
    assert stop(process, signal.SIGTERM) == 0
    assert instance.find(home.paths) is None
    os.close(instance.take_lock(home.paths))


def test_the_lock_ends_with_supervisord_however_it_ends(home: Home) -> None:
    process = supervise(home)
    wait_until(lambda: len(psutil.Process(process.pid).children()) > 0, "a child that could have inherited the lock")
    stop(process, signal.SIGKILL)
    os.close(instance.take_lock(home.paths))


@pytest.mark.parametrize("command", [("up",), ("up", "--detach"), ("supervise",), ("init", "--no-headless")])
def test_a_second_start_says_so_and_touches_nothing(home: Home, command: tuple[str, ...]) -> None:
    process = supervise(home)
    before = picture(home)
    done = home.run(*command)
    assert done.returncode == exit_codes.ALREADY_RUNNING
    assert "already running since 20" in done.stderr
    assert f"(pid {process.pid})" in done.stderr
    assert picture(home) == before
    assert process.poll() is None


@pytest.mark.parametrize("command", ["up", "supervise"])
def test_plain_supervisord_counts_as_an_instance(home: Home, command: str) -> None:
    assert home.run("init").returncode == 0
    assert home.supervisord().returncode == 0
    pid = SupervisorClient(home.paths.supervisor_socket).pid()
    done = home.run(command)
    assert done.returncode == exit_codes.ALREADY_RUNNING
    assert f"(pid {pid})" in done.stderr


def test_plain_supervisord_gives_way_to_an_instance(home: Home) -> None:
    process = supervise(home)
    second = home.supervisord()
    assert second.returncode != 0
    assert "Another program is already listening" in second.stderr
    assert SupervisorClient(home.paths.supervisor_socket).pid() == process.pid


def test_two_starts_at_once(home: Home) -> None:
    several = [home.start("supervise") for _ in range(3)]
    wait_until(lambda: sum(p.poll() is not None for p in several) == 2, "all but one to give up")
    assert sorted(p.returncode or 0 for p in several) == [0, exit_codes.ALREADY_RUNNING, exit_codes.ALREADY_RUNNING]
    (winner,) = (p for p in several if p.poll() is None)
    assert stop(winner, signal.SIGTERM) == 0


@pytest.mark.parametrize("plain", [False, True])
def test_after_a_power_cut(home: Home, plain: bool) -> None:
    home.run("init")
    for path in (home.paths.supervisor_socket, home.paths.gateway_socket, home.paths.bus_pub, home.paths.broker_rpc):
        leave_socket(path)
    with subprocess.Popen(["sleep", "600"]) as stranger:
        home.paths.supervisor_pid.write_text(f"{stranger.pid}\n")
        home.paths.lock.write_text(f"{stranger.pid}\n")
        assert home.run("status").returncode == exit_codes.NOT_RUNNING
        if plain:
            assert home.supervisord().returncode == 0
            wait_until(lambda: listens(home.paths.supervisor_socket), "supervisord")
        else:
            supervise(home)
        running = wait_until(lambda: instance.find(home.paths), "the new instance")
        assert running.pid != stranger.pid
        # The lock tells of it at once, the file a moment later.
        wait_until(lambda: int(home.paths.supervisor_pid.read_text() or 0) == running.pid, "its pid in the file")
        assert home.run("down").returncode == exit_codes.OK
        assert stranger.poll() is None
        stranger.kill()
    assert home.sockets() == []


def test_after_a_power_cut_the_workers_of_lost_sessions_are_forgotten(home: Home) -> None:
    home.run("init")
    worker = home.paths.worker_conf(SESSION_ID)
    worker.write_text(f"[program:pty-{SESSION_ID}]\ncommand=/bin/sleep 600\n")
    supervise(home)
    assert not worker.exists()
    assert SESSION_ID not in home.supervisorctl("status").stdout


def test_orphans_of_a_killed_supervisord_are_gone_before_the_next_one_starts(home: Home) -> None:
    process = supervise(home)
    process.kill()
    process.wait()
    orphans = [orphan(home), orphan(home)]
    stranger = home.spawn(["sleep", "600"])
    supervise(home)
    assert [p.poll() is not None for p in orphans] == [True, True]
    assert stranger.poll() is None
    stranger.kill()


def orphan(home: Home) -> subprocess.Popen[str]:
    """A process that looks as one of supervisord's children does, and does not notice that it has no parent."""
    python = str(home.paths.environment / "bin" / "python")
    code = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"
    process = home.spawn([python, "-c", code, "-m", "workers.gateway"])
    wait_until(lambda: process.pid in {p.pid for p in leftovers.processes(home.paths, shims=False)}, "the orphan")
    return process
