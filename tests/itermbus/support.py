"""A home folder of its own for each test, and the command line run in it as a user would."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import psutil

from bus.paths import CODE, Paths

T = TypeVar("T")

#: Seconds for what takes about two on an idle machine.
PATIENCE = 60.0

BIN = Path(sys.prefix) / "bin"

SESSION_ID = "01234567-89AB-CDEF-0123-456789ABCDEF"

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def wait_until(condition: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """Returns the first true value of `condition`; fails the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)
    return value


class Home:
    """One home folder. `environment` is all that its processes get."""

    def __init__(self, path: Path, bin_folder: Path = BIN) -> None:
        self.path = path
        self.paths = Paths(path)
        self.bin = bin_folder
        self._spawned: list[subprocess.Popen[str]] = []
        self.environment = {
            "HOME": str(path),
            "USER": os.environ.get("USER", "nobody"),
            "PATH": f"{bin_folder}:/usr/local/bin:/usr/bin:/bin",
        }

    def run(self, *arguments: str, seconds: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        """Runs `itermbus` to its end. Whatever it prints holds no control code, and no traceback."""
        done = subprocess.run(
            [str(self.bin / "itermbus"), *arguments],
            env=self.environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert not _CONTROL.search(done.stdout + done.stderr), (done.stdout, done.stderr)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def start(self, *arguments: str, cwd: Path = Path("/")) -> subprocess.Popen[str]:
        """Starts `itermbus` and returns at once; its output goes to `output`."""
        return self.spawn([str(self.bin / "itermbus"), *arguments], cwd)

    def spawn(self, command: Sequence[str], cwd: Path = Path("/")) -> subprocess.Popen[str]:
        """Starts a command with this home folder; it is waited for in the end."""
        with self.output.open("a") as output:
            process = subprocess.Popen(
                list(command),
                env=self.environment,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self._spawned.append(process)
        return process

    @property
    def output(self) -> Path:
        return self.path / "output.txt"

    def supervisorctl(self, *arguments: str, cwd: Path = CODE) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.bin / "supervisorctl"), *arguments],
            env=self.environment,
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def supervisord(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs plain `supervisord` in the checkout; it returns once it has gone into the background."""
        return subprocess.run(
            [str(self.bin / "supervisord"), "-c", "supervisord.conf", *arguments],
            env=self.environment,
            cwd=CODE,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def processes(self) -> list[psutil.Process]:
        """Everything that runs with this home folder, shells included."""
        return [p for p in psutil.process_iter() if _home_of(p) == str(self.path)]

    def sockets(self) -> list[str]:
        """The names of the sockets in the run folder."""
        return sorted(p.name for p in self.paths.run.iterdir() if p.is_socket()) if self.paths.run.is_dir() else []

    def close(self) -> None:
        """Stops what still runs and removes the folder. What `down` could not stop fails the test."""
        try:
            if self.paths.root.is_dir():
                self.run("down", seconds=90)
            late = self.processes()
            _, alive = psutil.wait_procs(late, timeout=10)
            described = [(p.pid, _command_of(p)) for p in alive]
        finally:
            for process in self.processes():
                with suppress(psutil.Error):
                    process.kill()
            for spawned in self._spawned:
                spawned.wait(PATIENCE)
            shutil.rmtree(self.path, ignore_errors=True)
        assert not described, f"still running after `itermbus down`: {described}"


@contextmanager
def new_home(name: str = "", bin_folder: Path = BIN) -> Iterator[Home]:
    """A home folder under a short path, so that socket paths fit; `name` is put into it."""
    folder = Path(tempfile.mkdtemp(prefix="ib-", dir="/tmp"))
    path = folder / name if name else folder
    path.mkdir(exist_ok=True)
    home = Home(path, bin_folder)
    try:
        yield home
    finally:
        home.close()
        shutil.rmtree(folder, ignore_errors=True)


class Client:
    """A silent client of the gateway, so one of dialect 1."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(PATIENCE)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_exc: object) -> None:
        self._lines.close()
        self._socket.close()

    def send(self, **message: object) -> None:
        self._socket.sendall(json.dumps(message).encode() + b"\n")

    def receive(self) -> dict[str, object]:
        line = self._lines.readline()
        assert line, "the gateway closed the connection"
        message = json.loads(line)
        assert isinstance(message, dict)
        return message

    def until(self, kind: str) -> list[dict[str, object]]:
        """All messages up to the first of type `kind`."""
        deadline = time.monotonic() + PATIENCE
        messages = [self.receive()]
        while messages[-1]["type"] != kind:
            assert time.monotonic() < deadline, f"no {kind} within {PATIENCE:g} s"
            messages.append(self.receive())
        return messages


def stop(process: subprocess.Popen[str], number: int = signal.SIGINT) -> int:
    """Sends a signal and waits for the end."""
    process.send_signal(number)
    return process.wait(PATIENCE)


def _home_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get("HOME")
    except (psutil.Error, OSError):
        return None


def _command_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
