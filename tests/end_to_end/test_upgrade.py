"""A rolling upgrade: processes restarted one at a time under load, and old and new ones that meet."""

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zmq

from bus.messages.stat import BrokerFigures, Stat
from bus.subscriber import Subscriber
from bus.version import BUS_VERSION
from itermbus.supervisor_client import SupervisorClient
from tests.end_to_end.client2 import Client2
from tests.end_to_end.node_client import NodeClient
from tests.end_to_end.system import System
from tests.support import end, temporary_home, wait_until

#: Lines come slowly enough that those of a restart, about a second, are all on the screen that is repainted after it.
_COUNT = "i=0; until [ -e {stop} ]; do echo n-$((i+=1))-n; sleep 0.1; done; echo l''ast-$i\n"

_ALIEN = f"""
import sys
import bus.version
bus.version.BUS_VERSION = {BUS_VERSION + 1}
from workers.pty.__main__ import main
sys.exit(main())
"""


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """One whose broker looks often, so that it soon notices what is wrong."""
    with temporary_home() as home:
        (home / ".itermbus").mkdir(mode=0o700)
        (home / ".itermbus" / "config.toml").write_text("[broker]\nreconcile_seconds = 0.2\n")
        running = System(home)
        try:
            running.wait_up()
            yield running
        finally:
            end(running.up)


def _numbers(seen: bytes) -> set[int]:
    return {int(number) for number in re.findall(rb"n-(\d+)-n", seen)}


def _restart(system: System, name: str) -> None:
    done = system.run("restart", name)
    assert done.returncode == 0, done.stdout + done.stderr


def test_restarts_under_load_lose_nothing(
    system: System, client: NodeClient, connect: Callable[..., NodeClient], fresh_session: str
) -> None:
    """What a client of dialect 1 can tell: every line was in its output or on a screen that it was given."""
    stop = system.home / "stop"
    client.type(fresh_session, _COUNT.format(stop=stop).encode())
    client.wait_output(fresh_session, b"n-5-n")
    _restart(system, "gateway")
    again = connect()
    again.wait_ready()
    wait_until(lambda: _numbers(again.seen(fresh_session)), "the lines to go on")
    for name in ("broker", f"pty-{fresh_session[:8]}"):
        so_far = max(_numbers(again.seen(fresh_session)))
        _restart(system, name)
        wait_until(lambda n=so_far: max(_numbers(again.seen(fresh_session))) > n + 10, f"lines after {name}")  # type: ignore[misc]
    stop.touch()
    again.wait_output(fresh_session, b"last-")
    match = re.search(rb"last-(\d+)", again.output(fresh_session))
    assert match
    assert _numbers(client.seen(fresh_session)) | _numbers(again.seen(fresh_session)) == set(
        range(1, int(match[1]) + 1)
    )
    since = len(again.messages)
    again.type(fresh_session, b"echo typed-$((40+2))\n")
    again.wait_output(fresh_session, b"typed-42", since)


#: 80 bursts of 3,000 lines each, some 20 KB, one after the other for about ten seconds.
_BURSTS = "for i in $(seq 80); do seq $((i*3000)) $((i*3000+2999)); sleep 0.1; done; echo en''d\n"


def test_a_client_that_resumes_gets_every_byte_of_a_rolling_upgrade(
    system: System, client: NodeClient, fresh_session: str
) -> None:
    """Gateway, broker and worker are restarted one after the other; one stream, and every byte at its place."""
    client.type(fresh_session, _BURSTS.encode())
    got, resume = b"", {}
    for name in ("gateway", "broker", f"pty-{fresh_session[:8]}", None):
        viewer = wait_until(lambda: _connected(system), "the gateway")
        viewer.hello(sessions=[fresh_session], resume=resume)
        wait_until(lambda v=viewer: _stream_bytes(v, fresh_session) > 100_000, "the stream to go on")  # type: ignore[misc]
        if name is None:
            viewer.wait_output(fresh_session, b"end\r\n", seconds=60)
        else:
            _restart(system, name)
        stream = viewer.stream(fresh_session)
        viewer.close()
        assert [name for name, _epoch in viewer.streams] == [fresh_session], "one epoch"
        assert stream.gaps == []
        assert stream.begin is not None
        assert not resume or resume[fresh_session]["offset"] == stream.begin
        got += stream.data
        resume = {fresh_session: {"epoch": viewer.epoch(fresh_session), "offset": stream.end}}
    lines = b"".join(b"%d\r\n" % number for i in range(1, 81) for number in range(i * 3000, i * 3000 + 3000))
    assert got.partition(b"end\r\n")[0].endswith(lines[-200_000:])
    begin = got.index(b"\r\n") + 2
    assert lines.endswith(got[begin:].partition(b"end\r\n")[0])


def _connected(system: System) -> Client2 | None:
    try:
        return Client2(system.paths.gateway_socket)
    except OSError:
        return None


def _stream_bytes(viewer: Client2, session_id: str) -> int:
    return len(viewer.output(session_id))


@pytest.fixture
def alien(system: System, fresh_session: str) -> Iterator[str]:
    """A session whose worker speaks the next version of the bus, under supervisord like any other."""
    conf = system.paths.worker_conf(fresh_session)
    true = conf.read_text()
    script = system.home / "alien.py"
    script.write_text(_ALIEN)
    conf.write_text(true.replace("-m workers.pty", str(script)))
    _update(system, fresh_session)
    try:
        yield fresh_session
    finally:
        conf.write_text(true)
        _update(system, fresh_session)


def _update(system: System, session_id: str) -> None:
    """Has supervisord run what the conf file says now, while the broker, which would interfere, is stopped."""
    client = SupervisorClient(system.paths.supervisor_socket, seconds=15)
    name = f"pty-{session_id}"
    broker = system.supervisorctl()["broker"][1]
    os.kill(broker, signal.SIGSTOP)
    try:
        for method, arguments in (
            ("stopProcessGroup", [name]),
            ("removeProcessGroup", [name]),
            ("reloadConfig", []),
            ("addProcessGroup", [name]),
        ):
            client._call(f"supervisor.{method}", object, *arguments)
    finally:
        os.kill(broker, signal.SIGCONT)
    wait_until(lambda: system.supervisorctl().get(name, ("",))[0] == "RUNNING", "the worker")


def _log(system: System, name: str) -> str:
    return Path(system.paths.log / f"{name}.log").read_text()


def test_a_worker_of_another_version_is_named_not_killed_and_harms_no_other(
    system: System, alien: str, client: NodeClient
) -> None:
    name = f"pty-{alien}"
    pid = system.supervisorctl()[name][1]
    both = "this process speaks bus version 2, the request is version 1"
    wait_until(lambda: both in _log(system, "broker"), "the broker to notice")
    with zmq.Context() as context, Subscriber(context, [system.paths.bus_pub], [b"stat.broker"]) as stats:
        rounds: list[int] = []

        def many_looks() -> bool:
            message = stats.receive(0.5)
            if isinstance(message, Stat):
                assert isinstance(message.figures, BrokerFigures)
                rounds.append(message.figures.reconcile_rounds)
            return bool(rounds) and rounds[-1] >= rounds[0] + 10

        wait_until(many_looks, "the broker to have looked many times more")
    report = json.loads(system.run("status", "--json").stdout)
    assert report["exit_code"] == 5
    [problem] = [p for p in report["problems"] if "bus version" in p]
    assert problem.startswith(f"{name}: {both}: restart ")
    done = system.run("restart", name)
    assert done.returncode == 1
    assert both in done.stdout
    now = system.supervisorctl()[name][1]
    assert now != pid, "it was restarted"
    # On a busy machine, and with looks as frequent as here, another one may have been killed for its silence.
    assert not [line for line in _log(system, "broker").splitlines() if "killing workers" in line and alien in line]
    assert _log(system, "broker").count(both) <= 2
    other = next(s["session_id"] for s in client.sessions if s["session_id"] != alien)
    since = len(client.messages)
    client.type(other, b"echo other-$((40+2))\n")
    wait_until(lambda: b"other-42" in client.seen(other, since), "another session to go on")
