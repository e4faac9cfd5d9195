"""A real PTY worker and a real shim, with pipes in iTerm2's place."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zmq

from bus import rpc
from bus.errors import Busy, RequestTimeout
from bus.messages.commands import GetPosition
from bus.messages.results import Position
from bus.paths import SHIM, Paths, prepare
from tests.support import end, environment, temporary_home, wait_until

SESSION = "1111AAAA-2222-3333-4444-55555555BBBB"


class Rig:
    """iTerm2's side of one session: `output` is what the session prints, `typed` is what arrives to be typed."""

    def __init__(self, home: Path, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        self.paths = Paths(home)
        self.context = context
        self.session = self.paths.session(SESSION)
        self.env = environment(home, SUPERVISOR_ENABLED="1", ITERM_SESSION_ID=f"w0t0p0:{SESSION}")
        self.processes: list[subprocess.Popen[bytes]] = []
        self.rpc = rpc.Client(context, self.session.rpc)
        self.output = self.typed = -1

    def start_worker(self) -> "subprocess.Popen[bytes]":
        return self._start([sys.executable, "-P", "-m", "workers.pty", SESSION])

    def start_shim(self) -> "subprocess.Popen[bytes]":
        """Starts a coprocess as iTerm2 does: three pipes, its own ends non-blocking."""
        stdin, self.output = os.pipe()
        self.typed, stdout = os.pipe()
        os.set_blocking(self.typed, False)
        shim = self._start([sys.executable, "-I", "-S", str(SHIM)], stdin, stdout)
        os.close(stdin)
        os.close(stdout)
        return shim

    def _start(self, command: list[str], stdin: int = -3, stdout: int = -3) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(command, env=self.env, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE)
        self.processes.append(process)
        return process

    def position(self) -> Position | None:
        """Where the worker stands, None while there is none."""
        try:
            return self.rpc.call(GetPosition(), Position, seconds=0.5)[0]
        except (RequestTimeout, Busy):
            return None

    def wait_attached(self, not_epoch: str = "") -> Position:
        def attached() -> Position | None:
            position = self.position()
            return position if position and position.attached and position.epoch != not_epoch else None

        return wait_until(attached, "the worker to be attached")

    def wait_head(self, head: int) -> Position:
        def there() -> Position | None:
            position = self.position()
            return position if position and position.head >= head else None

        return wait_until(there, f"{head} bytes")

    def read_typed(self, size: int) -> bytes:
        """The next `size` bytes that were typed."""
        got = b""

        def more() -> bool:
            nonlocal got
            try:
                got += os.read(self.typed, size - len(got))
            except BlockingIOError:
                return False
            return len(got) == size

        wait_until(more, f"{size} typed bytes")
        return got

    def close_pipe(self) -> None:
        for descriptor in (self.output, self.typed):
            if descriptor >= 0:
                os.close(descriptor)
        self.output = self.typed = -1

    def close(self) -> None:
        self.close_pipe()
        self.rpc.__exit__()
        for process in self.processes:
            if process.poll() is None:
                end(process)
            assert process.stderr is not None
            process.stderr.close()


@contextmanager
def open_rig() -> Iterator[Rig]:
    """A rig in a home of its own, closed at the end."""
    with temporary_home() as home, zmq.Context() as context:
        prepare(Paths(home))
        made = Rig(home, context)
        try:
            yield made
        finally:
            made.close()


@pytest.fixture
def rig() -> Iterator[Rig]:
    with open_rig() as made:
        yield made
