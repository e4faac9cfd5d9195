"""The whole system, as `itermbus up --headless` starts it, in a home of its own."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import zmq

from bus import rpc
from bus.messages import GetLayout, LayoutResult
from bus.paths import Paths
from tests.end_to_end.node_client import NodeClient
from tests.support import end, environment, temporary_home, wait_until
from workers.gateway.layout import LayoutIndex

#: A shell that prints what it is told and nothing of its own: no colours, no titles, a prompt to wait for.
_PROFILE = "PS1='ready$ '\nunset PROMPT_COMMAND\n"


class System:
    """A running itermbus."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.paths = Paths(home)
        (home / ".bash_profile").write_text(_PROFILE)
        (home / ".profile").write_text(_PROFILE)
        self.log = home / "up.log"
        with self.log.open("wb") as log:
            self.up = subprocess.Popen(
                [sys.executable, "-m", "itermbus", "up", "--headless"],
                env=environment(home),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait_up(self) -> None:
        def is_up() -> bool:
            assert self.up.poll() is None, self.log.read_text()
            return str(self.paths.gateway_socket) in self.log.read_text()

        wait_until(is_up, "`itermbus up` to end with the gateway's path", seconds=60)

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Runs an itermbus command."""
        return subprocess.run(
            [sys.executable, "-m", "itermbus", *arguments],
            env=environment(self.home),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def supervisorctl(self) -> dict[str, tuple[str, int]]:
        """What `supervisorctl status` prints in the checkout: process name -> (state, pid)."""
        root = Path(__file__).parents[2]
        done = subprocess.run(
            [Path(sys.executable).with_name("supervisorctl"), "-c", "supervisord.conf", "status"],
            cwd=root,
            env={"HOME": str(self.home), "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        table = {}
        for line in done.stdout.splitlines():
            name, state, *rest = line.split()
            table[name] = (state, int(rest[1].rstrip(",")) if state == "RUNNING" else 0)
        return table

    def is_attached(self, session_id: str) -> bool:
        """Whether the broker says that a session's coprocess is attached."""
        with zmq.Context() as context, rpc.Client(context, self.paths.broker_rpc) as broker:
            layout = broker.call(GetLayout(), LayoutResult)[0].layout
        place = LayoutIndex(layout).places.get(session_id)
        return place is not None and place.session.attached

    def host_statistics(self) -> dict[str, object]:
        """What the headless host counts."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
            control.connect(str(self.paths.headless_socket))
            control.sendall(b'{"request":"statistics"}\n')
            with control.makefile("rb") as lines:
                answer: dict[str, object] = json.loads(lines.readline())
        return answer


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """One running system for the tests of a module."""
    with temporary_home() as home:
        running = System(home)
        try:
            running.wait_up()
            yield running
        finally:
            end(running.up)


@pytest.fixture
def connect(system: System) -> Iterator[Callable[..., NodeClient]]:
    """Starts Node clients and ends them with the test."""
    with ExitStack() as stack:

        def connect(*mode: str) -> NodeClient:
            client = NodeClient(system.paths.gateway_socket, *mode)
            stack.callback(client.close)
            return client

        yield connect


@pytest.fixture
def client(connect: Callable[..., NodeClient]) -> NodeClient:
    """A client that has been through the start sequence."""
    started = connect()
    started.wait_ready()
    return started


@pytest.fixture
def fresh_session(system: System, client: NodeClient) -> str:
    """A new tab's session, at its prompt and attached: what is typed echoes by way of its coprocess."""
    before = {session["session_id"] for session in client.sessions}
    since = len(client.messages)
    client.send("tab_create")
    found = client.expect("tab_switched", lambda m: m["session_id"] not in before, since)
    session_id = str(found["session_id"])
    wait_until(lambda: system.is_attached(session_id), "the new session to be attached")
    wait_until(lambda: b"ready$ " in client.seen(session_id), "the new shell's prompt")
    # What is typed now may still be shown by the repaint that follows the attachment; from its echo on it is output.
    since = len(client.messages)
    client.type(session_id, b"\n")
    wait_until(lambda: b"ready$ " in client.seen(session_id, since), "an answer of the new shell")
    return session_id
