"""Against a real supervisord, and against sockets that behave badly."""

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.supervisor_client import SupervisorClient, SupervisorError
from tests.support import end, environment, temporary_home, wait_until

A, B = (f"{letter * 8}-0000-4000-8000-000000000000" for letter in "AB")

_MAIN = """
[unix_http_server]
file={home}/s
[supervisord]
nodaemon=true
pidfile={home}/pid
logfile={home}/log
childlogdir={home}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[include]
files={home}/*.conf
[program:other]
command=/bin/sleep 600
"""
_WORKER = """
[program:pty-{name}]
command={command}
startsecs=0
stopwaitsecs=1
"""


class Daemon:
    def __init__(self, home: Path) -> None:
        self.home = home
        main = home / "main"
        main.write_text(_MAIN.format(home=home))
        self.process = subprocess.Popen(
            [Path(sys.executable).with_name("supervisord"), "-c", str(main)],
            env=environment(home),
            stdout=subprocess.DEVNULL,
        )
        self.client = SupervisorClient(home / "s")
        wait_until(self._answers, "supervisord to answer")

    def configure(self, name: str, command: str = "/bin/sleep 600") -> None:
        (self.home / f"{name}.conf").write_text(_WORKER.format(name=name, command=command))

    def states(self) -> dict[str, str]:
        return asyncio.run(self.client.states())

    def wait_states(self, states: dict[str, str]) -> None:
        wait_until(lambda: self.states() == states, f"the states to be {states}")

    def _answers(self) -> bool:
        try:
            return self.states() == {}
        except SupervisorError:
            return False


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    with temporary_home() as home:
        daemon = Daemon(home)
        try:
            yield daemon
        finally:
            end(daemon.process)


def test_the_life_of_a_worker(daemon: Daemon) -> None:
    client = daemon.client
    daemon.configure(A)
    daemon.configure(B)
    asyncio.run(client.add([A, B]))
    asyncio.run(client.add([A, B]))
    daemon.wait_states({A: "RUNNING", B: "RUNNING"})
    asyncio.run(client.remove([A]))
    daemon.wait_states({A: "RUNNING", B: "RUNNING"})
    asyncio.run(client.stop([A]))
    asyncio.run(client.stop([A]))
    daemon.wait_states({A: "STOPPED", B: "RUNNING"})
    asyncio.run(client.start([A, B]))
    daemon.wait_states({A: "RUNNING", B: "RUNNING"})
    asyncio.run(client.stop([A]))
    daemon.wait_states({A: "STOPPED", B: "RUNNING"})
    (daemon.home / f"{A}.conf").unlink()
    asyncio.run(client.remove([A]))
    asyncio.run(client.remove([A]))
    assert daemon.states() == {B: "RUNNING"}


def test_stopping_does_not_wait_for_a_worker_that_takes_its_time(daemon: Daemon) -> None:
    ready = daemon.home / "ready"
    daemon.configure(A, f"/bin/sh -c 'trap : TERM; : > {ready}; while :; do sleep 600; done'")
    asyncio.run(daemon.client.add([A]))
    wait_until(ready.exists, "the worker to ignore SIGTERM")
    asyncio.run(daemon.client.stop([A]))
    assert daemon.states() == {A: "STOPPING"}
    daemon.wait_states({A: "STOPPED"})


def test_a_killed_worker_is_started_again(daemon: Daemon) -> None:
    daemon.configure(A)
    asyncio.run(daemon.client.add([A]))
    daemon.wait_states({A: "RUNNING"})
    before = pid(daemon)
    asyncio.run(daemon.client.kill([A]))
    wait_until(lambda: pid(daemon) not in (0, before), "another process")


def pid(daemon: Daemon) -> int:
    info = asyncio.run(daemon.client.call("supervisor.getProcessInfo", f"pty-{A}"))
    assert isinstance(info, dict)
    return int(info["pid"])


def test_a_worker_without_a_conf_file_cannot_be_added(daemon: Daemon) -> None:
    with pytest.raises(SupervisorError, match="addProcessGroup"):
        asyncio.run(daemon.client.add([A]))


def test_a_configuration_that_cannot_be_read_is_told(daemon: Daemon) -> None:
    (daemon.home / "bad.conf").write_text("[program:x]\n")
    with pytest.raises(SupervisorError, match="reloadConfig"):
        asyncio.run(daemon.client.add([]))


def test_nobody_there() -> None:
    with temporary_home() as home, pytest.raises(SupervisorError):
        asyncio.run(SupervisorClient(home / "s").states())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 500 Error\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n<broken",
        b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n<a>not it</a> ",
        b"x" * 200_000,
        None,
    ],
)
def test_answers_that_are_none(answer: bytes | None) -> None:
    with temporary_home() as home, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(home / "s"))
        listener.listen()
        over = threading.Event()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(10_000)
                if answer is None:
                    over.wait(30)
                else:
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(SupervisorError):
            asyncio.run(SupervisorClient(home / "s", seconds=0.5).states())
        over.set()
        thread.join()
