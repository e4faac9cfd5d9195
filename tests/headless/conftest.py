"""A real host in a HOME of its own, and the unmodified iterm2 package to talk to it."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import iterm2
import psutil
import pytest

from headless import paths
from tests.headless.raw_client import RawClient

_T = TypeVar("_T")
DEADLINE = 10.0


def wait_until(condition: Callable[[], _T], what: str, seconds: float = DEADLINE) -> _T:
    """The first true value of `condition`; fails with `what` when there is none in time."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            pytest.fail(f"not within {seconds:g} s: {what}")
        time.sleep(0.01)


async def wait_for(condition: Callable[[], Awaitable[_T]], what: str, seconds: float = DEADLINE) -> _T:
    """The same inside a running loop."""
    end = time.monotonic() + seconds
    while True:
        value = await condition()
        if value:
            return value
        if time.monotonic() > end:
            pytest.fail(f"not within {seconds:g} s: {what}")
        await asyncio.sleep(0.01)


class HostProcess:
    """A running `python -m headless`."""

    def __init__(self, home: Path, *arguments: str, **environment: str) -> None:
        self.home = home
        self._log = (home / "host.log").open("ab")
        base = {name: value for name, value in os.environ.items() if not name.startswith(("ITERM", "IT2_"))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "headless", "--shell", "/bin/sh", *arguments],
            env={**base, "HOME": str(home), "PS1": "$ ", **environment},
            stderr=self._log,
        )

    def wait_ready(self) -> None:
        """Waits until the control socket answers and the first shell has printed its prompt."""
        wait_until(lambda: self._answers() or self.process.poll() is not None, f"the host is up:\n{self.log()}")
        assert self.process.poll() is None, self.log()

    def _answers(self) -> bool:
        try:
            return all(each["received_bytes"] for each in self.control(request="statistics")["sessions"].values())
        except OSError:
            return False

    def log(self) -> str:
        """What the host has logged."""
        return (self.home / "host.log").read_text()

    @property
    def api_path(self) -> Path:
        """The API socket."""
        return paths.api_socket(self.home, "iTerm2")

    def control(self, **request: object) -> dict[str, Any]:
        """One request on the control socket."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(DEADLINE)
            connection.connect(str(paths.control_socket(self.home)))
            connection.sendall(json.dumps(request).encode() + b"\n")
            answer = b""
            while not answer.endswith(b"\n"):
                piece = connection.recv(65536)
                assert piece, "the control socket closed"
                answer += piece
        result = json.loads(answer)
        assert isinstance(result, dict)
        return result

    def cookie(self) -> str:
        """A fresh cookie."""
        return str(self.control(request="cookie", name="test")["cookie"])

    def statistics(self, session: str) -> dict[str, Any]:
        """The statistics of one session."""
        found = self.control(request="statistics")["sessions"][session]
        assert isinstance(found, dict)
        return found

    def connect(self) -> RawClient:
        """A client below the package: sees the exact order of messages."""
        return RawClient(self.api_path, self.cookie())

    def run(self, body: Callable[[iterm2.Connection, iterm2.App], Awaitable[_T]]) -> _T:
        """Runs `body` with the unmodified package, connected as its users connect."""
        return asyncio.run(self._run(body))

    async def _run(self, body: Callable[[iterm2.Connection, iterm2.App], Awaitable[_T]]) -> _T:
        saved = dict(os.environ)
        os.environ.update(HOME=str(self.home), ITERM2_COOKIE=self.cookie())
        try:
            connection = await iterm2.Connection.async_create()
            app = await iterm2.async_get_app(connection)
            assert app is not None
            async with asyncio.timeout(30):
                return await body(connection, app)
        finally:
            os.environ.clear()
            os.environ.update(saved)
            await _close(connection)
            iterm2.app.invalidate_app()
            iterm2.notifications._handlers.clear()

    def children(self) -> list[psutil.Process]:
        """All processes that the host has started and that still run."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self) -> int:
        """An orderly end; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE)

    def end(self) -> None:
        """Whatever happened, nothing is left."""
        if self.process.poll() is None:
            family = self.children()
            self.process.terminate()
            try:
                self.process.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            for child in family:
                if child.is_running():
                    child.kill()
        self._log.close()


async def _close(connection: iterm2.Connection) -> None:
    """Ends the package's own task first, or it prints a traceback about the closed connection."""
    task = connection._Connection__dispatch_forever_future
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await connection.websocket.close()


@pytest.fixture
def home() -> Iterator[Path]:
    """A short HOME: socket paths are limited to some hundred bytes."""
    folder = Path(tempfile.mkdtemp(prefix="hh", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def start_host(home: Path) -> Iterator[Callable[..., HostProcess]]:
    """Starts hosts with arguments of the test's choice."""
    hosts: list[HostProcess] = []

    def start(*arguments: str, ready: bool = True, **environment: str) -> HostProcess:
        host = HostProcess(home, *arguments, **environment)
        hosts.append(host)
        if ready:
            host.wait_ready()
        return host

    yield start
    for host in hosts:
        host.end()


@pytest.fixture
def host(start_host: Callable[..., HostProcess]) -> HostProcess:
    """A host with faults allowed and a short undo period."""
    return start_host("--allow-faults", "--undo-seconds", "0.5")
