"""Restarts one process after another, each to the end before the next: an upgrade that no session notices.

A process is not stopped and started but asked to end (SIGTERM): supervisord starts it again by itself
(`autorestart`), so one that was asked comes back even if nobody is left here to start it.
"""

import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec

from bus.errors import ItermbusError
from bus.paths import Paths
from bus.topics import WORKER_PREFIX
from itermbus import answering
from itermbus.failures import Failures
from itermbus.supervisor_client import ProcessInfo, SupervisorClient, SupervisorRefused

ALL = "all"

#: Seconds that a process has to end by itself before it is killed, and for all of it.
END_SECONDS = 6.0
SECONDS = 30.0

_LOOK = 0.05

#: `all` leaves the host alone: the shells are its children, and would end with it.
_KEEPS_SHELLS = "headless"

#: Less than four characters of a session id are a typing mistake rather than an abbreviation.
_PREFIX = re.compile(rf"{WORKER_PREFIX}[0-9A-F-]{{4,36}}", re.IGNORECASE)


class NoSuchProcess(ItermbusError):
    """A name that names no process, or several."""


class Restarted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one process. `error` is empty when all is well."""

    name: str
    old_pid: int | None
    pid: int | None
    seconds: float
    error: str = ""


def choose(names: Sequence[str], processes: Sequence[ProcessInfo]) -> list[ProcessInfo]:
    """The processes that `names` mean, each once. Raises `NoSuchProcess`.

    `all` is the broker, then the gateway, then the workers. If the upgrade has another bus version, each
    session's bytes wait in its worker's ring from the gateway's turn to the worker's own.
    """
    chosen: dict[str, ProcessInfo] = {}
    for name in names:
        found = _all(processes) if name == ALL else [_find(name, processes)]
        chosen |= {process.name: process for process in found}
    return list(chosen.values())


def _all(processes: Sequence[ProcessInfo]) -> list[ProcessInfo]:
    chosen = [p for p in processes if p.name != _KEEPS_SHELLS]
    return sorted(chosen, key=lambda p: (p.name.startswith(WORKER_PREFIX), p.name))


def _find(name: str, processes: Sequence[ProcessInfo]) -> ProcessInfo:
    exact = [p for p in processes if p.name == name]
    if exact:
        return exact[0]
    shown = ascii(name[:60])
    found = [p for p in processes if p.name.lower().startswith(name.lower())] if _PREFIX.fullmatch(name) else []
    if len(found) > 1:
        raise NoSuchProcess(f"{shown} is not unique: {', '.join(p.name for p in found[:5])}")
    if not found:
        raise NoSuchProcess(f"there is no process {shown}. There are: {', '.join([p.name for p in processes] + [ALL])}")
    return found[0]


def restart(paths: Paths, before: ProcessInfo, stopped: Callable[[], bool]) -> Restarted:
    """Restarts one process and waits until its successor runs and answers.

    Never raises for what became of it; `stopped` says that nobody wants to wait any longer.
    """
    begun = time.monotonic()
    client = SupervisorClient(paths.supervisor_socket)
    process, error = before, ""
    try:
        process = _find_again(client, before)
        before = process
        _ask(client, process)
        process = _wait_new(client, before, begun, stopped)
        _wait_answer(paths, process.name, begun, stopped)
    except ItermbusError as problem:
        error = str(problem)
        with suppress(ItermbusError):
            process = _find_again(client, before)
    return Restarted(
        name=before.name,
        old_pid=before.pid or None,
        pid=process.pid or None,
        seconds=round(time.monotonic() - begun, 2),
        error=error,
    )


class _Failed(ItermbusError):
    """It did not come back; the text says how far it got."""


def _find_again(client: SupervisorClient, process: ProcessInfo) -> ProcessInfo:
    for found in client.processes():
        if found.name == process.name:
            return found
    raise _Failed("it is not there any more: its session was closed")


def _ask(client: SupervisorClient, process: ProcessInfo) -> None:
    """Has a running process end, and one that does not run start."""
    with suppress(SupervisorRefused):  # it has ended by itself meanwhile, or is just starting
        if process.pid:
            client.signal(process.name, "TERM")
            return
        if process.statename == "BACKOFF":
            client.stop_nowait(process.group)
        client.start_nowait(process.name)


def _wait_new(client: SupervisorClient, before: ProcessInfo, begun: float, stopped: Callable[[], bool]) -> ProcessInfo:
    killed = False
    failures = Failures()
    while True:
        now = _find_again(client, before)
        if now.is_running and now.pid != before.pid:
            return now
        late = time.monotonic() - begun
        if not killed and late > END_SECONDS and now.pid == before.pid and before.pid:
            killed = True
            with suppress(SupervisorRefused):
                client.signal(before.name, "KILL")
        so_far = f"it does not run ({now.statename.lower()}). {now.why_not}".strip()
        if failures.is_hopeless(now):
            raise _Failed(f"{so_far}. The end of {now.stdout_logfile} may say why.")
        _check_time(begun, stopped, so_far)
        time.sleep(_LOOK)


def _wait_answer(paths: Paths, name: str, begun: float, stopped: Callable[[], bool]) -> None:
    while problem := answering.problem(paths, name):
        _check_time(begun, stopped, f"it runs, and does not answer: {problem}")
        time.sleep(_LOOK)


def _check_time(begun: float, stopped: Callable[[], bool], so_far: str) -> None:
    if stopped():
        raise _Failed(f"interrupted; {so_far}")
    if time.monotonic() - begun > SECONDS:
        raise _Failed(f"after {SECONDS:g} s {so_far}")
