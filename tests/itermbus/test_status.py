"""`status`, `sessions`, `top` and the figures behind them, over one running system."""

import json
import os
import pty
import signal
import subprocess
from collections.abc import Iterator

import msgspec
import pytest
import zmq
from prometheus_client.parser import text_string_to_metric_families

from bus import rpc
from bus.messages.commands import GetLayout
from bus.messages.results import LayoutResult
from bus.messages.stat import BrokerFigures, GatewayFigures, HeadlessFigures, WorkerFigures
from itermbus import exit_codes, layout_reader, prometheus
from tests.itermbus.support import BIN, Client, Home, new_home, wait_until
from tests.itermbus.test_up import read_until
from tests.itermbus.typing_client import type_and_read


@pytest.fixture(scope="module")
def running() -> Iterator[Home]:
    with new_home() as home:
        assert home.run("up", "--headless", "--detach").returncode == exit_codes.OK
        wait_until(lambda: status(home)["sessions"][0]["output_bytes"] is not None, "the session's worker")
        yield home


def status(home: Home) -> dict[str, list[dict[str, object]]]:
    answer: dict[str, list[dict[str, object]]] = json.loads(home.run("status", "--json").stdout)
    return answer


def session_of(home: Home) -> dict[str, object]:
    [session] = status(home)["sessions"]
    return session


def values(home: Home) -> dict[tuple[str, str], float]:
    """What `--prometheus` prints: (name, process or session) -> value."""
    done = home.run("status", "--prometheus")
    assert done.returncode == exit_codes.OK, done.stderr
    found = {}
    for family in text_string_to_metric_families(done.stdout):
        for sample in family.samples:
            found[sample.name, next(iter(sample.labels.values()), "")] = sample.value
    return found


def test_what_was_printed_and_typed_is_counted_and_viewers_too(running: Home) -> None:
    def with_figures() -> dict[str, object] | None:
        """On a busy machine a worker may not answer within the second that `status` waits; then it has no figures."""
        session = session_of(running)
        return session if None not in (session["output_bytes"], session["viewers"]) else None

    before = wait_until(with_figures, "the worker's figures")
    with Client(running.paths.gateway_socket) as client:
        type_and_read(client)
        after = wait_until(with_figures, "the worker's figures")
        assert after["viewers"] == 1
        assert status(running)["clients"] == 1
    for key in ("output_bytes", "input_bytes"):
        assert int(str(after[key])) > int(str(before[key])), key
    assert after["ring_used"] == after["output_bytes"]
    assert after["ring_bytes"] == 4 * 1024 * 1024
    wait_until(lambda: session_of(running)["viewers"] == 0, "the client to be gone")


def test_a_table_for_people_has_them(running: Home) -> None:
    done = running.run("status")
    heads = [line.split() for line in done.stdout.splitlines() if line.startswith(("PROCESS", "SESSION"))]
    assert heads[0] == ["PROCESS", "STATE", "PID", "UPTIME", "RESTARTS", "MEMORY", "CPU", "REASON"]
    assert heads[1] == ["SESSION", "SIZE", "ATTACHED", "OUT", "RATE", "IN", "VIEWERS", "RING", "TITLE"]


def test_restarts_memory_and_cpu_of_each_process(running: Home) -> None:
    def gateway() -> dict[str, object]:
        [found] = [p for p in status(running)["processes"] if p["name"] == "gateway"]
        return found

    before = gateway()
    assert int(str(before["memory_bytes"])) > 1_000_000
    assert float(str(before["cpu_seconds"])) > 0
    os.kill(int(str(before["pid"])), signal.SIGKILL)
    wait_until(lambda: gateway()["restarts"] == int(str(before["restarts"])) + 1, "the restart to be counted")
    wait_until(lambda: gateway()["state"] == "RUNNING", "the gateway")


def test_prometheus_has_every_process_and_every_figure(running: Home) -> None:
    wait_until(lambda: status(running)["clients"] is not None, "the gateway's figures")
    found = values(running)
    session_id = str(session_of(running)["session_id"])
    for process in ("broker", "gateway", "headless", f"pty-{session_id}"):
        assert found["itermbus_process_up", process] == 1
        assert found["itermbus_process_memory_bytes", process] > 1_000_000
        assert ("itermbus_process_restarts_total", process) in found
    for process in ("broker", "gateway", "headless", f"pty-{session_id}"):
        assert found["itermbus_process_cpu_seconds_total", process] > 0
    assert found["itermbus_worker_output_bytes_total", session_id] == session_of(running)["output_bytes"]
    assert found["itermbus_worker_ring_bytes", session_id] == 4 * 1024 * 1024
    assert found["itermbus_gateway_streams", ""] == 1
    assert found["itermbus_broker_sessions", ""] == 1
    assert found["itermbus_headless_sessions", ""] == found["itermbus_headless_coprocesses", ""] == 1
    printed = found["itermbus_worker_output_bytes_total", session_id]
    assert found["itermbus_headless_output_bytes_total", ""] >= printed > 0
    assert found["itermbus_session_viewers", session_id] == 0


def test_titles_and_contents_are_not_in_the_figures(running: Home) -> None:
    with zmq.Context() as context, rpc.Client(context, running.paths.broker_rpc) as broker:
        layout = broker.call(GetLayout(), LayoutResult)[0].layout
    [session] = layout_reader.sessions(layout)
    assert session.title
    assert session.title not in running.run("status", "--prometheus").stdout


@pytest.mark.parametrize(
    ("record", "names"),
    [
        (WorkerFigures, prometheus.WORKER),
        (GatewayFigures, prometheus.GATEWAY),
        (BrokerFigures, prometheus.BROKER),
        (HeadlessFigures, prometheus.HEADLESS),
    ],
)
def test_no_figure_is_left_out(record: type[msgspec.Struct], names: dict[str, object]) -> None:
    assert {*record.__struct_fields__} - prometheus.OTHERWISE == names.keys()


def test_two_formats_at_once_are_a_mistake(running: Home) -> None:
    assert running.run("status", "--json", "--prometheus").returncode == exit_codes.USAGE


def test_workers_are_heard_without_the_broker(running: Home) -> None:
    assert running.supervisorctl("stop", "broker").returncode == 0
    try:
        done = running.run("status", "--prometheus")
        assert done.returncode == exit_codes.DEGRADED
        assert "itermbus_worker_output_bytes_total{" in done.stdout
        assert 'itermbus_process_up{process="broker"} 0.0' in done.stdout
        sessions = running.run("sessions")
        assert sessions.returncode == exit_codes.FAILURE
        assert "broker does not run" in sessions.stderr
    finally:
        assert running.supervisorctl("start", "broker").returncode == 0
    wait_until(lambda: running.run("sessions").returncode == exit_codes.OK, "the broker")


def test_sessions_alone(running: Home) -> None:
    done = running.run("sessions")
    assert done.returncode == exit_codes.OK
    assert len(done.stdout.splitlines()) == 2
    [session] = json.loads(running.run("sessions", "--json").stdout)
    assert session["session_id"] in done.stdout


@pytest.mark.parametrize("command", ["status", "sessions"])
def test_where_nothing_runs(home: Home, command: str) -> None:
    done = home.run(command)
    assert done.returncode == exit_codes.NOT_RUNNING
    assert "itermbus is not running" in done.stdout + done.stderr
    assert home.run(command, "--json").returncode == exit_codes.NOT_RUNNING
    json.loads(home.run(command, "--json").stdout)


# --- top ---


def test_top_needs_a_terminal(running: Home) -> None:
    done = running.run("top")
    assert done.returncode == exit_codes.SETUP
    assert "top needs a terminal" in done.stderr


@pytest.mark.parametrize("key", [b"q", b"\x03"])
def test_top_shows_it_live_until_it_is_told_to_end(running: Home, key: bytes) -> None:
    session_id = str(session_of(running)["session_id"]).encode()
    master, slave = pty.openpty()
    login = "import os, sys; os.login_tty(0); os.execv(sys.argv[1], sys.argv[1:])"
    process = subprocess.Popen(
        [str(BIN / "python"), "-c", login, str(BIN / "itermbus"), "top"],
        env=running.environment | {"TERM": "xterm-256color", "COLUMNS": "160", "LINES": "40"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    try:
        seen = read_until(master, session_id)
        assert b"itermbus top" in seen
        read_until(master, session_id)  # a second look
        os.write(master, key)
        read_until(master, b"\x1b[?1049l")
        assert process.wait(20) == exit_codes.OK
    finally:
        process.kill()
        process.wait()
        os.close(master)
