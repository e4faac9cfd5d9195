"""The headless host alone, which misbehaves on request."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bus.paths import Paths, prepare
from tests.support import end, environment, wait_until


class Host:
    """`python -m headless --allow-faults` in a home of its own."""

    def __init__(self, home: Path, undo_seconds: float = 0) -> None:
        """`undo_seconds`: how long a close can be undone."""
        self.home = home
        self._undo_seconds = undo_seconds
        self.paths = Paths(home)
        prepare(self.paths)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.home / "host.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "headless", "--allow-faults", "--undo-seconds", str(self._undo_seconds)],
                env=environment(self.home),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_until(self._is_up, "the host to answer")

    def stop(self) -> None:
        if self._process is not None:
            end(self._process)
            self._process = None

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def fault(self, fault: str, **more: object) -> None:
        assert "error" not in self.ask(request="fault", fault=fault, **more)

    def ask(self, **request: object) -> dict[str, Any]:
        """One request to the control socket."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
            control.connect(str(self.paths.headless_socket))
            control.sendall(json.dumps(request).encode() + b"\n")
            with control.makefile("rb") as lines:
                answer: dict[str, Any] = json.loads(lines.readline())
        return answer

    def _is_up(self) -> bool:
        try:
            return "sessions" in self.ask(request="statistics")
        except OSError:
            return False


@contextmanager
def running_host(home: Path, undo_seconds: float = 0) -> Iterator[Host]:
    """A host that answers, until the end."""
    host = Host(home, undo_seconds)
    try:
        host.start()
        yield host
    finally:
        host.stop()
