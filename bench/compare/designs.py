"""The two designs, each started alone, with the same processes at both of its ends."""

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import psutil

from bus.paths import SHIM, Paths, prepare
from tests.support import environment, kill_all_of, temporary_home

_HERE = Path(__file__).parent

#: How long a process may take to say that it is there.
_START_SECONDS = 30.0


class Design(Protocol):
    """What stands between coprocesses and clients."""

    #: How it is called in the table.
    name: str
    #: The command that iTerm2 would run in each session.
    command: str
    #: Where clients connect.
    gateway: Path

    def start(self, sessions: list[str], **settings: object) -> None:
        """Starts it, so that coprocesses can be launched."""

    def wait_attached(self, sessions: list[str]) -> None:
        """Returns once every coprocess is connected."""


class Running:
    """What a design has started."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.processes: list[subprocess.Popen[bytes]] = []

    def spawn(self, *arguments: str, **more: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=environment(self.home, PYTHONPATH=str(_HERE.parents[1]), **more),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        return process


class SocatDesign(Running):
    """The design that itermbus replaces."""

    name = "socat design"
    command = 'exec socat - UNIX-CONNECT:"$HOME/$SESSION.sock"'

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.gateway = home / "clients.sock"

    def start(self, sessions: list[str], **settings: object) -> None:
        server = self.spawn(str(_HERE / "socat_server.py"), str(self.home), *sessions)
        read_line(server)

    def wait_attached(self, sessions: list[str]) -> None:
        time.sleep(0.5)


class ItermbusDesign(Running):
    """Workers, gateway and shims; the broker, through which no byte goes, is a stub."""

    name = "itermbus"
    command = f"exec '{sys.executable}' -I -S '{SHIM}' 2>/dev/null"

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.paths = Paths(home)
        self.gateway = self.paths.gateway_socket

    def start(self, sessions: list[str], **settings: object) -> None:
        prepare(self.paths)
        ring = settings.get("ring_bytes", 4 << 20)
        self.paths.config.write_text(f'log_level = "error"\n[worker]\nring_bytes = {ring}\n')
        read_line(self.spawn("-m", "bench.compare.stub_broker", *sessions))
        for name in sessions:
            self.spawn("-P", "-m", "workers.pty", name, SUPERVISOR_ENABLED="1")
        self.spawn("-P", "-m", "workers.gateway", SUPERVISOR_ENABLED="1")
        wait(lambda: all(self.paths.session(name).attach.exists() for name in sessions), "the workers")
        wait(self.gateway.exists, "the gateway")

    def wait_attached(self, sessions: list[str]) -> None:
        # The gateway repaints for each new epoch; that is not part of what is measured.
        time.sleep(0.5)


def read_line(process: "subprocess.Popen[bytes]") -> Any:
    """One line that a process says, as JSON if it is."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{process.args} has ended")
    return json.loads(line) if line.startswith(b"{") else line


def wait(condition: Callable[[], object], what: str, seconds: float = _START_SECONDS) -> None:
    """Waits for a condition. Raises `TimeoutError`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        time.sleep(0.005)


class Scene:
    """A running design with coprocesses, and clients of it."""

    def __init__(self, design: Any, sessions: list[str], floods: dict[str, int], echoes: list[str], chunk: int) -> None:
        self.design = design
        self.sessions = sessions
        self._floods = floods
        self._ends = Running(design.home)
        plan = {
            "command": design.command,
            "environment": environment(design.home),
            "sessions": sessions,
            "floods": floods,
            "echoes": echoes,
            "chunk": chunk,
        }
        self.producer = self._ends.spawn(str(_HERE / "iterm2_end.py"), json.dumps(plan))
        self._go(self.producer)
        started = read_line(self.producer)["started"]
        self._coprocesses = [psutil.Process(pid) for pid in started.values()]
        design.wait_attached(sessions)

    def viewer(self, **plan: object) -> "subprocess.Popen[bytes]":
        """A connected client; with `go` it begins, with `read_line` it tells what it measured."""
        whole = {"socket": str(self.design.gateway), "floods": self._floods, "echo": None, "echoes": 0, "reads": True}
        viewer = self._ends.spawn(str(_HERE / "viewer.py"), json.dumps(whole | plan))
        read_line(viewer)
        return viewer

    def flood(self) -> None:
        self._go(self.producer)

    def go(self, viewer: "subprocess.Popen[bytes]") -> None:
        self._go(viewer)

    def _go(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()

    @property
    def members(self) -> list[psutil.Process]:
        """Every process of the design, its coprocesses among them, its ends not."""
        found = []
        for process in [*(psutil.Process(p.pid) for p in self.design.processes), *self._coprocesses]:
            try:
                found += [process, *process.children(recursive=True)]
            except psutil.Error:
                continue
        return found

    def cpu(self) -> float:
        """Seconds of CPU that the design has used."""
        total = 0.0
        for process in self.members:
            try:
                times = process.cpu_times()
            except psutil.Error:
                continue
            total += times.user + times.system
        return total


@contextmanager
def scene(
    kind: type[SocatDesign] | type[ItermbusDesign],
    floods: list[int],
    echo: bool = False,
    quiet: int = 0,
    chunk: int = 64 * 1024,
    **settings: object,
) -> Iterator[Scene]:
    """A design with one session for each of `floods` (bytes), one more that echoes, and `quiet` ones more."""
    flooding = [_session() for _ in floods]
    echoing = [_session()] if echo else []
    sessions = [*echoing, *flooding, *(_session() for _ in range(quiet))]
    with temporary_home() as home:
        design = kind(home)
        try:
            design.start(sessions, **settings)
            yield Scene(design, sessions, dict(zip(flooding, floods, strict=True)), echoing, chunk)
        finally:
            kill_all_of(home)
            for process in design.processes:
                process.wait()


def _session() -> str:
    return str(uuid.uuid4()).upper()


def private_bytes(process: psutil.Process) -> int:
    """Memory that only this process has (USS): what would be free without it. Linux and macOS."""
    return int(process.memory_full_info().uss)
