"""The two designs, each started alone, with the same processes at both of its ends."""

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import psutil
import zmq

from bench.compare.processes import cpu_seconds
from bus import rpc
from bus.messages.commands import GetPosition
from bus.messages.results import Position
from bus.paths import SHIM, Paths, prepare
from tests.support import environment, kill_all_of, temporary_home

_ROOT = Path(__file__).parents[2]

#: How long a process may take to say that it is there.
_START_SECONDS = 60.0

#: A design rests once it has used less than this share of a core for so long; one that never does is measured as it is.
_QUIET_SHARE, _QUIET_SECONDS, _QUIET_WITHIN_SECONDS = 0.1, 0.2, 10.0


class Keep(NamedTuple):
    """What itermbus keeps for a reader that is behind; the defaults are those in force."""

    #: Of each session.
    ring_bytes: int = 4 << 20
    #: Of what waits in the gateway for one client.
    queue_bytes: int = 64 << 20


class Design(Protocol):
    """What stands between coprocesses and clients."""

    #: How it is called in the table.
    name: str
    #: The command that iTerm2 would run in each session.
    command: str
    #: Where clients connect.
    gateway: Path
    #: Whether it tells a client that all is ready.
    greets: bool

    def start(self, sessions: list[str], keep: Keep) -> None:
        """Starts it, so that coprocesses can be launched."""

    def wait_attached(self, sessions: list[str]) -> None:
        """Returns once every coprocess is connected."""


class Running:
    """What a design has started."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.processes: list[subprocess.Popen[bytes]] = []

    def spawn(self, *arguments: str, **more: str) -> "subprocess.Popen[bytes]":
        """Starts a Python."""
        return self.spawn_program(sys.executable, *arguments, **more)

    def spawn_program(self, *command: str, **more: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            command,
            env=environment(self.home, PYTHONPATH=str(_ROOT), **more),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        return process

    def close(self) -> None:
        """Ends what still runs, and waits for all of it."""
        for process in self.processes:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                with suppress(BrokenPipeError):
                    pipe.close()


class SocatDesign(Running):
    """The design that itermbus replaces."""

    name = "socat design"
    command = 'exec socat - UNIX-CONNECT:"$HOME/$SESSION.sock"'
    greets = False

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.gateway = home / "clients.sock"

    def start(self, sessions: list[str], keep: Keep) -> None:
        server = self.spawn("-m", "bench.compare.socat_server", str(self.home), *sessions)
        read_line(server)

    def wait_attached(self, sessions: list[str]) -> None:
        """A `socat` says nothing: that they rest is all there is to see."""


class ItermbusDesign(Running):
    """Workers, gateway and shims; the broker, through which no byte goes, is a stub."""

    name = "itermbus"
    command = f"exec '{sys.executable}' -I -S '{SHIM}' 2>/dev/null"
    greets = True

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.paths = Paths(home)
        self.gateway = self.paths.gateway_socket

    def start(self, sessions: list[str], keep: Keep) -> None:
        prepare(self.paths)
        write_config(self.paths, keep)
        read_line(self.spawn("-m", "bench.compare.stub_broker", *sessions))
        for name in sessions:
            self.spawn("-P", "-m", "workers.pty", name, SUPERVISOR_ENABLED="1")
        self.spawn("-P", "-m", "workers.gateway", SUPERVISOR_ENABLED="1")
        wait(lambda: all(self.paths.session(name).attach.exists() for name in sessions), "the workers")
        wait(self.gateway.exists, "the gateway")

    def wait_attached(self, sessions: list[str]) -> None:
        with zmq.Context() as context:
            for name in sessions:
                with rpc.Client(context, self.paths.session(name).rpc) as worker:
                    wait(partial(_is_attached, worker), "the shims")


def write_config(paths: Paths, keep: Keep) -> None:
    paths.config.write_text(
        'log_level = "error"\n'
        f"[worker]\nring_bytes = {keep.ring_bytes}\n"
        f"[gateway]\nclient_queue_bytes = {keep.queue_bytes}\n"
    )
    paths.config.chmod(0o600)


def _is_attached(worker: rpc.Client) -> bool:
    return worker.call(GetPosition(), Position)[0].attached


def read_line(process: "subprocess.Popen[bytes]") -> Any:
    """One line that a process says, as JSON if it is."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{process.args!r} has ended")
    return json.loads(line) if line.startswith(b"{") else line


def wait(condition: Callable[[], object], what: str, seconds: float = _START_SECONDS, every: float = 0.005) -> None:
    """Waits for a condition, looking `every` so many seconds. Raises `TimeoutError`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        time.sleep(every)


class Scene:
    """A running design with coprocesses, and clients of it."""

    def __init__(
        self,
        design: "SocatDesign | ItermbusDesign",
        sessions: list[str],
        floods: dict[str, int],
        echoes: list[str],
        chunk: int,
        watch: str | None,
    ) -> None:
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
            "watch": watch,
        }
        self.producer = self._ends.spawn("-m", "bench.compare.iterm2_end", json.dumps(plan))
        self._go(self.producer)
        started = read_line(self.producer)["started"]
        #: Every process of the design, its coprocesses among them, its ends not. None of them has children.
        self.members = [psutil.Process(each.pid) for each in design.processes]
        self.members += [psutil.Process(pid) for pid in started.values()]
        design.wait_attached(sessions)
        self._wait_quiet()

    def viewer(self, **plan: object) -> "subprocess.Popen[bytes]":
        """A connected client; with `go` it begins, with `read_line` it tells what it measured."""
        whole = {
            "socket": str(self.design.gateway),
            "greets": self.design.greets,
            "floods": self._floods,
            "echo": None,
            "echoes": 0,
            "reads": True,
        }
        viewer = self._ends.spawn("-m", "bench.compare.viewer", json.dumps(whole | plan))
        read_line(viewer)
        return viewer

    def flood(self) -> float:
        """Begins the floods; when, by the monotonic clock."""
        began = time.monotonic()
        self._go(self.producer)
        return began

    def go(self, viewer: "subprocess.Popen[bytes]") -> None:
        self._go(viewer)

    def _go(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()

    def _wait_quiet(self) -> None:
        """What follows a start, such as the gateway's repaint for a new epoch, is no part of what is measured."""
        deadline = time.monotonic() + _QUIET_WITHIN_SECONDS
        while time.monotonic() < deadline:
            before = self.cpu()
            time.sleep(_QUIET_SECONDS)
            if self.cpu() - before < _QUIET_SHARE * _QUIET_SECONDS:
                return

    def cpu(self) -> float:
        """Seconds of CPU that the design has used."""
        total = 0.0
        for process in self.members:
            with suppress(psutil.Error):
                total += cpu_seconds(process)
        return total

    def close(self) -> None:
        self._ends.close()


_DEFAULT = Keep()

Kind = type[SocatDesign] | type[ItermbusDesign]


@contextmanager
def scene(
    kind: Kind,
    floods: list[int],
    echo: bool = False,
    quiet: int = 0,
    chunk: int = 64 * 1024,
    watch: bool = False,
    keep: Keep = _DEFAULT,
) -> Iterator[Scene]:
    """A design with one session for each of `floods` (bytes), one more that echoes, and `quiet` ones more.

    `watch`: the producer watches how long the first flooding session's bytes wait (itermbus only).
    """
    flooding = [_session() for _ in floods]
    echoing = [_session()] if echo else []
    sessions = [*echoing, *flooding, *(_session() for _ in range(quiet))]
    with temporary_home() as home, ExitStack() as after:
        design = kind(home)
        after.callback(design.close)
        after.callback(kill_all_of, home)
        design.start(sessions, keep)
        ring = str(Paths(home).session(flooding[0]).ring) if watch else None
        it = Scene(design, sessions, dict(zip(flooding, floods, strict=True)), echoing, chunk, ring)
        after.callback(it.close)
        yield it


def _session() -> str:
    return str(uuid.uuid4()).upper()
