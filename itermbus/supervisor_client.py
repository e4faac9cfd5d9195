"""supervisord by XML-RPC over its Unix socket, every call with a time limit.

supervisor's own transport has none: a stopped supervisord would hang whoever asks it.
"""

from __future__ import annotations

import http.client
import socket
import xmlrpc.client
from pathlib import Path
from typing import TypeVar

import msgspec

from bus.errors import ItermbusError

#: Seconds for one call. supervisord answers in milliseconds unless it reads many new files.
CALL_SECONDS = 5.0

T = TypeVar("T")


class SupervisorUnreachable(ItermbusError):
    """supervisord is not there, does not answer, or answers something that cannot be read."""


class SupervisorRefused(ItermbusError):
    """supervisord answered with a fault; the text is its."""


class ProcessInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One process as supervisord sees it. `start`, `stop` and `now` are seconds since 1970, 0 for never."""

    name: str
    group: str
    statename: str
    pid: int
    start: int
    stop: int
    now: int
    exitstatus: int
    spawnerr: str
    stdout_logfile: str

    @property
    def is_running(self) -> bool:
        return self.statename == "RUNNING"

    @property
    def uptime(self) -> int | None:
        """Seconds that it has run, or None when it does not run."""
        return max(0, self.now - self.start) if self.is_running else None

    @property
    def why_not(self) -> str:
        """Why it does not run, in words; empty when it does."""
        if self.is_running or self.statename == "STARTING":
            return ""
        if self.statename in ("STOPPED", "STOPPING"):
            return "it was stopped"
        if self.statename == "BACKOFF" and self.spawnerr.startswith("Exited too quickly"):
            return "it ended right after its start and is tried again"
        return self.spawnerr or f"it ended with exit code {self.exitstatus}"


class SupervisorClient:
    """A client of the supervisord at one socket. Each call connects anew, so it outlives a restart."""

    def __init__(self, path: Path, seconds: float = CALL_SECONDS) -> None:
        self._path = path
        self._seconds = seconds

    def pid(self) -> int:
        return self._call("supervisor.getPID", int)

    def processes(self) -> list[ProcessInfo]:
        """All processes, sorted by name. Raises `SupervisorUnreachable`."""
        return self._call("supervisor.getAllProcessInfo", list[ProcessInfo])

    def stop_nowait(self, group: str) -> None:
        """Asks a group to stop and does not wait for it."""
        self._call("supervisor.stopProcessGroup", object, group, False)

    def start_nowait(self, name: str) -> None:
        """Starts a process that does not run and does not wait for it. Raises `SupervisorRefused` when it runs."""
        self._call("supervisor.startProcess", object, name, False)

    def signal(self, name: str, number: str) -> None:
        """Sends a signal ("TERM") to a process. Raises `SupervisorRefused` when it does not run."""
        self._call("supervisor.signalProcess", object, name, number)

    def shutdown(self) -> None:
        """Asks supervisord to stop everything in order and to end."""
        self._call("supervisor.shutdown", bool)

    def _call(self, method: str, expected: type[T], *arguments: str | bool) -> T:
        transport = _UnixTransport(self._path, self._seconds)
        try:
            with xmlrpc.client.ServerProxy("http://supervisord/RPC2", transport=transport) as server:
                answer: object = getattr(server, method)(*arguments)
            return msgspec.convert(answer, expected)
        except xmlrpc.client.Fault as fault:
            raise SupervisorRefused(fault.faultString) from None
        except (OSError, http.client.HTTPException, xmlrpc.client.Error, msgspec.ValidationError) as error:
            raise SupervisorUnreachable(f"supervisord does not answer at {self._path}: {error}") from None


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__()
        self._path = path
        self._seconds = seconds

    def make_connection(self, host: xmlrpc.client._HostType) -> http.client.HTTPConnection:
        connection = _UnixConnection(self._path, self._seconds)
        self._connection = host, connection  # what Transport.close() closes
        return connection


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("supervisord", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def listens(path: Path) -> bool:
    """Whether somebody accepts connections at `path`: a socket left by a power cut refuses them."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(CALL_SECONDS)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True
