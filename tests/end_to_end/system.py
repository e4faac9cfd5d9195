"""The whole system, as `itermbus up` starts it, in a home of its own."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import zmq

from bus import rpc
from bus.messages.commands import GetLayout
from bus.messages.results import LayoutResult
from bus.paths import Paths
from tests.support import end, environment, wait_until
from workers.gateway.layout import LayoutIndex

#: A shell that prints what it is told and nothing of its own: no colours, no titles, a prompt to wait for.
_PROFILE = "PS1='ready$ '\nunset PROMPT_COMMAND\n"


class System:
    """A running itermbus.

    `own_host`: the headless host is started beside it and not by it, as iTerm2 is, so that it outlives supervisord.
    """

    def __init__(self, home: Path, *, own_host: bool = False) -> None:
        self.home = home
        self.paths = Paths(home)
        self._own_host = own_host
        (home / ".bash_profile").write_text(_PROFILE)
        (home / ".profile").write_text(_PROFILE)
        if own_host:
            self.host = self._spawn(home / "host.log", "-m", "headless")
        self.start()

    def start(self) -> None:
        """Runs `itermbus up`, which it does once by itself; again after the supervisord of the first has died."""
        self.log = self.home / "up.log"
        headless = "--no-headless" if self._own_host else "--headless"
        self.up = self._spawn(self.log, "-m", "itermbus", "up", headless)

    def _spawn(self, log: Path, *arguments: str) -> "subprocess.Popen[bytes]":
        with log.open("wb") as file:
            return subprocess.Popen(
                [sys.executable, *arguments],
                env=environment(self.home),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def close(self) -> None:
        """Ends what is still running of it."""
        if self.up.poll() is None:
            end(self.up)
        if self._own_host:
            end(self.host)

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
