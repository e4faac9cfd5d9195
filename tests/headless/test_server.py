"""The rendezvous: paths, modes, lock, handshake, frames (facts of sources/API/iTermAPIServer.m)."""

import os
import signal
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from iterm2 import api_pb2
from websockets.exceptions import ConnectionClosed

from headless.dispatch import INVALID_REQUEST
from tests.headless.conftest import HostProcess, wait_until

REQUEST = (
    "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Sec-WebSocket-Protocol: api.iterm2.com\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    "Origin: ws://localhost/\r\nx-iterm2-library-version: python 2.30\r\nx-iterm2-disable-auth-ui: true\r\n"
    "x-iterm2-cookie: COOKIE\r\n\r\n"
)


def upgrade(host: HostProcess, request: str) -> str:
    """The head of the answer to a request, as text."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(host.api_path))
        connection.sendall(request.encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            piece = connection.recv(4096)
            assert piece
            answer += piece
    return answer.decode()


def test_modes_of_folders_and_sockets(host: HostProcess) -> None:
    assert stat.S_IMODE(host.api_path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(host.api_path.stat().st_mode) == 0o600
    control = host.home / ".itermbus/run/headless.sock"
    assert stat.S_IMODE(control.stat().st_mode) == 0o600
    assert stat.S_IMODE(control.parent.stat().st_mode) == 0o700


def test_upgrade_answers_as_iterm2_does(host: HostProcess) -> None:
    answer = upgrade(host, REQUEST.replace("COOKIE", host.cookie()))
    assert answer.startswith("HTTP/1.1 101 ")
    assert "X-iTerm2-Protocol-Version: 1.17\r\n" in answer
    assert "Sec-WebSocket-Protocol: api.iterm2.com\r\n" in answer
    assert "Sec-WebSocket-Extensions" not in answer


def test_a_cookie_lets_in_once(host: HostProcess) -> None:
    request = REQUEST.replace("COOKIE", host.cookie())
    assert " 101 " in upgrade(host, request)
    assert " 401 " in upgrade(host, request)


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        ("x-iterm2-library-version: python 2.30", "x-iterm2-library-version: python 0.23", 406),
        ("Sec-WebSocket-Protocol: api.iterm2.com\r\n", "", 400),
        ("x-iterm2-cookie: COOKIE\r\n", "", 401),
    ],
)
def test_refusals(host: HostProcess, old: str, new: str, status: int) -> None:
    assert f" {status} " in upgrade(host, REQUEST.replace(old, new)).splitlines()[0]


def test_a_second_host_says_so_and_touches_nothing(host: HostProcess, start_host: Callable[..., HostProcess]) -> None:
    second = start_host(ready=False)
    assert second.process.wait(10) == 3
    assert "another host or iTerm2 is running" in second.log()
    with host.connect() as client:
        assert client.sessions()


def test_socket_file_stays_after_the_end_and_is_replaced(home: Path, start_host: Callable[..., HostProcess]) -> None:
    first = start_host()
    assert first.stop() == 0
    assert first.api_path.exists(), "iTerm2 unlinks the socket only before the next bind"
    assert not (home / ".itermbus/run/headless.sock").exists()
    with start_host().connect() as client:
        assert client.sessions()


def test_folder_of_others_is_refused(home: Path, start_host: Callable[..., HostProcess]) -> None:
    run = home / ".itermbus/run"
    run.mkdir(parents=True)
    run.chmod(0o755)
    broken = start_host(ready=False)
    assert broken.process.wait(10) == 3
    assert "chmod 700" in broken.log()


def test_path_too_long(home: Path, start_host: Callable[..., HostProcess]) -> None:
    deep = home / ("x" * 90)
    deep.mkdir()
    broken = start_host(ready=False, HOME=str(deep))
    assert broken.process.wait(10) == 3
    assert "too long" in broken.log()


def test_unknown_and_unparsable_messages(host: HostProcess) -> None:
    with host.connect() as client:
        client.socket.send("a text frame is ignored")
        client.socket.send(b"\xff\xff\xff")
        assert client.quiet(0.2), "a frame that is no message gets no answer"
        answer = client.ask()
        assert answer.error == INVALID_REQUEST
        assert client.socket.ping().wait(5)


def test_ending_leaves_no_process(host: HostProcess) -> None:
    with host.connect() as client:
        session = client.sessions()[0]
        client.invoke(session, 'iterm2.run_coprocess(commandLine: "exec sleep 1000")')
        client.type(session, "sleep 1000 & trap '' HUP TERM; echo rea''dy\n")
        wait_until(lambda: any("ready" in line for line in client.screen(session)), "the trap is set")
        family = host.children()
        assert len(family) >= 3
    assert host.stop() == 0
    wait_until(lambda: not [p for p in family if p.is_running() and p.status() != "zombie"], "all are gone")


def test_shells_are_hung_up_on_when_the_host_is_killed(host: HostProcess) -> None:
    wait_until(lambda: any(p.name() == "sh" for p in host.children()), "the shell runs")
    family = host.children()
    os.kill(host.process.pid, signal.SIGKILL)
    host.process.wait()
    wait_until(lambda: not [p for p in family if p.is_running() and p.status() != "zombie"], "all are gone")


def test_transaction_holds_others_back(host: HostProcess) -> None:
    begin, end = api_pb2.TransactionRequest(begin=True), api_pb2.TransactionRequest(begin=False)
    status = api_pb2.TransactionResponse
    with host.connect() as one, host.connect() as two:
        assert one.ask(transaction_request=end).transaction_response.status == status.NO_TRANSACTION
        assert one.ask(transaction_request=begin).transaction_response.status == status.OK
        assert one.ask(transaction_request=begin).transaction_response.status == status.ALREADY_IN_TRANSACTION
        waiting = two.send(list_sessions_request=api_pb2.ListSessionsRequest())
        assert two.quiet(0.2)
        assert one.sessions()
        one.socket.close()  # a dropped connection ends its transaction
        assert two.receive().id == waiting


def test_faults(host: HostProcess) -> None:
    assert "error" in host.control(request="fault", fault="nonsense")
    host.control(request="fault", fault="refuse", status=406, count=1)
    assert " 406 " in upgrade(host, REQUEST)
    with host.connect() as client:
        host.control(request="fault", fault="drop_clients")
        with pytest.raises(ConnectionClosed) as dropped:
            client.receive()
        assert dropped.value.rcvd is None, "no close frame, as when iTerm2 quits"


def test_faults_are_off_by_default(start_host: Callable[..., HostProcess]) -> None:
    assert "--allow-faults" in start_host().control(request="fault", fault="drop_clients")["error"]


@pytest.mark.parametrize("line", [b"{", b"[]\n", b'{"request": "no such thing"}\n', b"x" * 70_000 + b"\n"])
def test_control_socket_answers_nonsense(host: HostProcess, line: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(host.home / ".itermbus/run/headless.sock"))
        connection.sendall(line)
        connection.shutdown(socket.SHUT_WR)
        assert b'"error"' in connection.recv(4096)
    assert "cookie" in host.control(request="cookie", name="still alive")
