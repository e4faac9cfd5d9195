"""The system under chaos: a headless host of its own, and supervisord kept alive as launchd keeps it."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import zmq

from bus import rpc
from bus.errors import RequestError
from bus.messages.commands import GetLayout, GetPosition
from bus.messages.layout import Layout, Session, Split
from bus.messages.results import LayoutResult, Position
from bus.paths import SHIM, Paths
from itermbus.supervisor_client import ProcessInfo, SupervisorClient, SupervisorUnreachable
from tests.support import end, environment, processes_of, wait_until

#: How soon supervisord is started again; launchd takes ten seconds (ThrottleInterval).
_KEEP_ALIVE_SECONDS = 1.0

#: Every double kill of a worker and its shim needs a launch.
_CONFIG = "[broker]\nattaches_per_hour = 1000\n"


def _sessions(node: Layout | Split | Session) -> Iterator[Session]:
    if isinstance(node, Layout):
        for window in node.windows:
            for tab in window.tabs:
                yield from _sessions(tab.root)
    elif isinstance(node, Split):
        for child in node.children:
            yield from _sessions(child)
    else:
        yield node


class Instance:
    """Everything that runs in one home."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.paths = Paths(home)
        self.paths.root.mkdir(mode=0o700)
        self.paths.config.write_text(_CONFIG)
        self._host = self._spawn("host.log", "-m", "headless", "--allow-faults", "--shell", "/bin/sh")
        self._down = threading.Event()
        self._supervise = self._start_supervise()
        self._keeper = threading.Thread(target=self._keep_alive, name="launchd")
        self._keeper.start()

    def _spawn(self, log: str, *arguments: str) -> "subprocess.Popen[bytes]":
        with (self.home / log).open("ab") as file:
            return subprocess.Popen(
                [sys.executable, *arguments],
                env=environment(self.home),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def _start_supervise(self) -> "subprocess.Popen[bytes]":
        return self._spawn("supervise.log", "-m", "itermbus", "supervise", "--no-headless")

    def _keep_alive(self) -> None:
        while not self._down.wait(0.1):
            if self._supervise.poll() is not None:
                time.sleep(_KEEP_ALIVE_SECONDS)
                self._supervise = self._start_supervise()

    def close(self) -> None:
        """Ends all of it, host last."""
        self._down.set()
        self._keeper.join()
        if self._supervise.poll() is None:
            end(self._supervise)
        if self._host.poll() is None:
            end(self._host)

    # --- looking ---

    def table(self) -> list[ProcessInfo]:
        """supervisord's list; empty while it does not answer."""
        try:
            return SupervisorClient(self.paths.supervisor_socket).processes()
        except (SupervisorUnreachable, OSError):
            return []

    def pid(self, name: str) -> int | None:
        """The process of a name in that list, while it runs."""
        return next((process.pid for process in self.table() if process.name == name and process.is_running), None)

    def supervisord(self) -> int | None:
        try:
            return int(self.paths.supervisor_pid.read_text())
        except (OSError, ValueError):
            return None

    def workers(self) -> dict[str, int]:
        """Session id -> pid."""
        return {
            process.name.removeprefix("pty-"): process.pid
            for process in self.table()
            if process.name.startswith("pty-") and process.is_running
        }

    def shims(self) -> dict[str, int]:
        """Session id -> pid."""
        found = {}
        for process in processes_of(self.home):
            try:
                if str(SHIM) in process.cmdline():
                    found[process.environ()["ITERM_SESSION_ID"].rpartition(":")[2]] = process.pid
            except (psutil.Error, KeyError):
                continue
        return found

    def ask_host(self, **request: Any) -> dict[str, Any]:
        """One request at the host's control socket."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(10)
            control.connect(str(self.paths.headless_socket))
            control.sendall(json.dumps(request).encode() + b"\n")
            with control.makefile("rb") as lines:
                answer: dict[str, Any] = json.loads(lines.readline())
        return answer

    def drop_api(self) -> None:
        """Ends the host's API connections."""
        self.ask_host(request="fault", fault="drop_clients")

    def is_whole(self, session_ids: list[str]) -> bool:
        """Whether every process runs, and the broker says that every session is attached.

        A session whose shim was killed needs none while its worker holds the pipe.
        """
        table = {process.name: process for process in self.table()}
        names = ["broker", "gateway", *(f"pty-{session_id}" for session_id in session_ids)]
        if not all(name in table and table[name].is_running for name in names):
            return False
        try:
            with zmq.Context() as context, rpc.Client(context, self.paths.broker_rpc) as broker:
                layout = broker.call(GetLayout(), LayoutResult, seconds=1.0)[0].layout
        except RequestError:
            return False
        attached = {session.session_id for session in _sessions(layout) if session.attached}
        return layout.iterm2.state == "connected" and attached >= set(session_ids)

    def epoch(self, session_id: str) -> str | None:
        """What the session's bytes are counted in now; None while its worker does not answer."""
        try:
            with zmq.Context() as context, rpc.Client(context, self.paths.session(session_id).rpc) as worker:
                return worker.call(GetPosition(), Position, seconds=1.0)[0].epoch
        except RequestError:
            return None

    def wait_whole(self, session_ids: list[str], seconds: float) -> float:
        """Waits until it is; after how many seconds it was."""
        began = time.monotonic()
        wait_until(lambda: self.is_whole(session_ids), "the system to be whole again", seconds=seconds)
        return time.monotonic() - began
