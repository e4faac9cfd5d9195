"""Coprocesses behave as iTerm2's (sources/Tasks/Coprocess.m, sources/Tasks/TaskNotifier.m, sources/Tasks/PTYTask.m)."""

import hashlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from iterm2 import api_pb2

from tests.headless.conftest import HostProcess, wait_until
from tests.headless.raw_client import RawClient


def run(client: RawClient, session: str, command: str, extra: str = "") -> str:
    """The result of run_coprocess as JSON."""
    answer = client.invoke(session, f'iterm2.run_coprocess(commandLine: "{command}"{extra})')
    assert answer.HasField("success"), answer
    return answer.success.json_result


def current(client: RawClient, session: str) -> str:
    """The result of get_coprocess as JSON."""
    return client.invoke(session, "iterm2.get_coprocess()").success.json_result


def content(path: Path) -> Callable[[], str]:
    """Reads a file that appears some time."""
    return lambda: path.read_text() if path.exists() else ""


def test_start_stop_and_slot(host: HostProcess) -> None:
    with host.connect() as client:
        session = client.sessions()[0]
        assert current(client, session) == "null"
        assert client.invoke(session, "iterm2.stop_coprocess()").success.json_result == "0"
        assert run(client, session, "exec sleep 1000") == "1"
        assert run(client, session, "exec sleep 2000") == "0", "one coprocess per session"
        assert current(client, session) == '"exec sleep 1000"'
        pid = host.statistics(session)["coprocess"]["pid"]
        assert client.invoke(session, "iterm2.stop_coprocess()").success.json_result == "1"
        assert current(client, session) == "null"
        wait_until(lambda: not psutil.pid_exists(pid), "it is reaped")


def test_surroundings(host: HostProcess) -> None:
    """`/bin/sh -c`, cwd `/`, the host's own group and session, nothing open from 3 up, section 2's environment."""
    out = host.home / "out"
    with host.connect() as client:
        session = client.sessions()[0]
        script = "pwd; ls /dev/fd | wc -l; ps -o pgid=,sid= -p $$; env; echo end"
        run(client, session, f"({script}) > {out}; sleep 1000")
        wait_until(lambda: "\nend\n" in content(out)(), "the script ran")
        command = psutil.Process(host.statistics(session)["coprocess"]["pid"]).cmdline()
    folder, descriptors, ids, *environment = out.read_text().splitlines()
    assert command[:2] == ["/bin/sh", "-c"]
    assert folder == "/"
    assert int(descriptors) == 4, "stdin, stdout, stderr, and the one ls opens itself"
    assert [int(word) for word in ids.split()] == [os.getpgid(host.process.pid), os.getsid(host.process.pid)]
    values = dict(line.split("=", 1) for line in environment if "=" in line)
    assert values["ITERM_SESSION_ID"] == values["TERM_SESSION_ID"] == f"w0t0p0:{session}"
    assert values["TERM_PROGRAM"] == "iTerm.app"
    assert values["ITERM_PROFILE"] == "Default"
    assert "utf" in values["LANG"].lower()
    assert not {"ITERM2_COOKIE", "ITERM2_KEY", "VIRTUAL_ENV"} & set(values)


def test_bytes_arrive_unchanged(host: HostProcess) -> None:
    """What the PTY gives reaches the coprocess, all of it, though it stops reading for a while."""
    size, out = 8_000_000, host.home / "out"
    data = host.home / "data"
    data.write_bytes(os.urandom(size))
    with host.connect() as client:
        session = client.sessions()[0]
        client.type(session, "stty raw -echo; echo sy''nc\n")
        wait_until(lambda: any("sync" in line for line in client.screen(session)), "the terminal is raw")
        go = host.home / "go"
        run(client, session, f"until [ -e {go} ]; do sleep 0.05; done; head -c {size} > {out}; sleep 1000")
        client.type(session, f"cat {data}\n")
        wait_until(lambda: host.statistics(session)["coprocess"]["peak_buffered_bytes"] > size / 2, "it waits unread")
        go.touch()
        wait_until(lambda: out.exists() and out.stat().st_size == size, "all has arrived")
        statistics = host.statistics(session)["coprocess"]
    assert hashlib.sha256(out.read_bytes()).digest() == hashlib.sha256(data.read_bytes()).digest()
    assert statistics["dropped_bytes"] == 0


def test_output_is_typed(host: HostProcess) -> None:
    with host.connect() as client:
        session = client.sessions()[0]
        run(client, session, "printf 'echo ty''ped\\\\n'; sleep 1000")
        wait_until(lambda: any("typed" in line and "echo" not in line for line in client.screen(session)), "it ran")


def test_every_byte_reaches_the_program(host: HostProcess) -> None:
    """A paste of a megabyte with all byte values, into a terminal in raw mode that reads it slowly at first."""
    data, out = host.home / "data", host.home / "out"
    data.write_bytes(bytes(range(256)) * 4096)
    with host.connect() as client:
        session = client.sessions()[0]
        client.type(session, f"stty raw -echo; echo sy''nc; sleep 0.3; head -c {1 << 20} > {out}; sleep 1000\n")
        wait_until(lambda: any("sync" in line for line in client.screen(session)), "the terminal is raw")
        run(client, session, f"exec cat {data}")
        wait_until(lambda: out.exists() and out.stat().st_size == 1 << 20, "all has arrived")
    assert out.read_bytes() == data.read_bytes()


def test_end_of_output_frees_the_slot(host: HostProcess) -> None:
    """EOF on stdout ends it with SIGTERM, though the program runs on."""
    mark = host.home / "mark"
    with host.connect() as client:
        session = client.sessions()[0]
        script = f"trap 'echo term > {mark}; exit' TERM; exec 1>&-; while :; do sleep 0.05; done"
        run(client, session, script)
        wait_until(lambda: current(client, session) == "null", "the slot is free")
        wait_until(lambda: content(mark)() == "term\n", "it got SIGTERM")


def test_stop_reaches_the_shell_only(host: HostProcess) -> None:
    """SIGTERM to the sh, not to its children: those see the pipes close (sources/Tasks/Coprocess.m:291)."""
    mark = host.home / "mark"
    with host.connect() as client:
        session = client.sessions()[0]
        run(client, session, f"(cat > /dev/null; echo eof > {mark}); :")
        wait_until(lambda: len(psutil.Process(host.statistics(session)["coprocess"]["pid"]).children()), "child runs")
        client.invoke(session, "iterm2.stop_coprocess()")
        wait_until(lambda: content(mark)() == "eof\n", "the child saw the end of its input, and lived to say so")


def test_reading_pauses_while_the_terminal_is_full(host: HostProcess) -> None:
    """stdout is read only while less than 10240 bytes wait for the PTY."""
    with host.connect() as client:
        session = client.sessions()[0]
        client.type(session, "stty raw -echo; echo sy''nc; sleep 1000\n")
        wait_until(lambda: any("sync" in line for line in client.screen(session)), "nobody reads the terminal")
        run(client, session, "exec cat /dev/zero")
        wait_until(lambda: host.statistics(session)["input_waiting_bytes"] >= 10240, "the PTY is full")
        amount = host.statistics(session)["input_waiting_bytes"]
        assert client.quiet(0.2)
        assert host.statistics(session)["input_waiting_bytes"] == amount < 10240 + 1024


def test_errors_are_collected(host: HostProcess) -> None:
    with host.connect() as client:
        session = client.sessions()[0]
        run(client, session, f"head -c {2 * 100_000} /dev/zero | tr '\\\\0' e >&2")
        wait_until(lambda: host.statistics(session)["announcements"], "the session announces them")
        (announcement,) = host.statistics(session)["announcements"]
        assert announcement["stderr"] == "e" * 100_000
        assert run(client, session, "/no/such/program") == "1"
        wait_until(lambda: len(host.statistics(session)["announcements"]) == 2, "sh complains on stderr")


def test_recent_commands(host: HostProcess) -> None:
    with host.connect() as client:
        session = client.sessions()[0]
        for number in [*range(25), 24, 10]:
            wait_until(lambda: current(client, session) == "null", "the last one ended")
            assert run(client, session, f": {number}") == "1"
    recent = host.control(request="statistics")["recent_coprocesses"]
    assert recent[:3] == [": 10", ": 24", ": 23"]
    assert len(recent) == len(set(recent)) == 20


def test_injected_bytes_do_not_reach_it(host: HostProcess) -> None:
    out = host.home / "out"
    with host.connect() as client:
        session = client.sessions()[0]
        run(client, session, f"cat > {out}; sleep 1000")
        client.ask(inject_request=api_pb2.InjectRequest(session_id=[session], data=b"injected\r\n"))
        client.type(session, "echo sy''nc\n")
        wait_until(lambda: "sync" in content(out)(), "output came")
        assert any("injected" in line for line in client.screen(session))
    assert "injected" not in out.read_text()


def test_muted(host: HostProcess) -> None:
    """A muted one hides the output from the screen and still gets it."""
    out = host.home / "out"
    with host.connect() as client:
        session = client.sessions()[0]
        wait_until(lambda: any(client.screen(session)), "a prompt")
        run(client, session, f"cat > {out}; sleep 1000", ", mute: true")
        client.type(session, "echo hid''den\n")
        wait_until(lambda: "hidden" in content(out)(), "output came")
        assert not any("hidden" in line for line in client.screen(session))


def test_shell_ends_session_stays(host: HostProcess) -> None:
    """Neither served nor killed, still named (sources/Tasks/TaskNotifier.m:100)."""
    with host.connect() as client:
        session = client.sessions()[0]
        keep = api_pb2.SetProfilePropertyRequest(session=session)
        keep.assignments.add(key="Close Sessions On End", json_value="0")
        client.ask(set_profile_property_request=keep)
        run(client, session, "exec cat > /dev/null; sleep 1000")
        run_again = host.statistics(session)["coprocess"]
        client.invoke(session, "iterm2.stop_coprocess()")
        run(client, session, "cat > /dev/null; sleep 1000")
        assert run_again is None or run_again["command"].startswith("exec")
        pid = host.statistics(session)["coprocess"]["pid"]
        client.type(session, "exit\n")
        wait_until(lambda: host.statistics(session)["state"] == "exited", "the shell is gone")
        assert current(client, session) != "null"
        assert psutil.pid_exists(pid)


def test_close_ends_it_after_the_undo_period(host: HostProcess) -> None:
    with host.connect() as client:
        session = client.sessions()[0]
        run(client, session, "exec sleep 1000")
        pid = host.statistics(session)["coprocess"]["pid"]
        request = api_pb2.CloseRequest(force=True)
        request.sessions.session_ids.append(session)
        client.ask(close_request=request)
        assert psutil.pid_exists(pid), "alive while the close can be undone"
        assert current(client, session) == '"exec sleep 1000"', "found by GUID all the same"
        wait_until(lambda: not psutil.pid_exists(pid), "ended with the session")


def test_restart_ends_it(host: HostProcess) -> None:
    with host.connect() as client:
        session = client.sessions()[0]
        run(client, session, "exec sleep 1000")
        pid = host.statistics(session)["coprocess"]["pid"]
        client.ask(restart_session_request=api_pb2.RestartSessionRequest(session_id=session))
        wait_until(lambda: not psutil.pid_exists(pid), "killed with the old task")
        assert current(client, client.sessions()[0]) == "null", "not started again"


def test_kill_of_the_host_closes_its_pipes(host: HostProcess) -> None:
    mark = host.home / "mark"
    with host.connect() as client:
        session = client.sessions()[0]
        run(client, session, f"cat > /dev/null; echo eof > {mark}")
    os.kill(host.process.pid, signal.SIGKILL)
    wait_until(lambda: content(mark)() == "eof\n", "EOF on stdin")


@pytest.mark.parametrize("text", ["single ' quote", "space and ünïcode", "back\\\\slash", "line\nbreak"])
def test_package_encodes_commands(host: HostProcess, text: str) -> None:
    """What the package sends arrives as given, within the limits of its encoding."""

    async def body(_connection: object, app: object) -> str | None:
        session = app.windows[0].tabs[0].sessions[0]  # type: ignore[attr-defined]
        assert await session.async_run_coprocess(f"sleep 1000 # {text}")
        command: str | None = await session.async_get_coprocess()
        assert await session.async_stop_coprocess()
        return command

    assert host.run(body) == f"sleep 1000 # {text}"
