"""How long a shim takes from its exec to the moment at which a worker holds iTerm2's pipes."""

import os
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

from bench.compare.designs import ItermbusDesign
from bus.paths import Paths, prepare
from tests.support import environment

#: A shim that has not come by then never comes.
_SECONDS = 30.0


class WorkersPlace:
    """Listens where a session's worker would, takes the pipes and lets go of them."""

    def __init__(self, home: Path) -> None:
        paths = Paths(home)
        prepare(paths)
        self._session = str(uuid.uuid4()).upper()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(paths.session(self._session).attach))
        self._listener.listen()
        self._listener.settimeout(_SECONDS)
        self._environment = environment(home, ITERM_SESSION_ID=f"w0t0p0:{self._session}")

    def hand_over_seconds(self) -> float:
        """One launch, as iTerm2 does it: `/bin/sh -c`, in `/`."""
        began = time.perf_counter()
        shim = _launch(ItermbusDesign.command, self._environment)
        connection = self._listener.accept()[0]
        _said, pipes, _flags, _address = socket.recv_fds(connection, 1024, 2)
        took = time.perf_counter() - began
        for pipe in pipes:
            os.close(pipe)
        connection.close()
        _end(shim)
        if len(pipes) != 2:
            raise RuntimeError(f"the shim handed over {len(pipes)} descriptors")
        return took

    def interpreter_seconds(self) -> float:
        """The same launch of a Python that does nothing but say that it is there."""
        began = time.perf_counter()
        interpreter = _launch(f"exec '{sys.executable}' -I -S -c 'print()'", self._environment)
        assert interpreter.stdout is not None
        interpreter.stdout.read(1)
        took = time.perf_counter() - began
        _end(interpreter)
        return took

    def close(self) -> None:
        self._listener.close()


def _launch(command: str, variables: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        ["/bin/sh", "-c", command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        cwd="/",
        env=variables,
    )


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        pipe.close()
