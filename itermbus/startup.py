"""From a launcher just started to a gateway that answers, or to the reason why not."""

import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bus.errors import ItermbusError
from bus.paths import Paths
from itermbus import exit_codes, gateway_probe
from itermbus.failures import Failures
from itermbus.signals import Signals
from itermbus.supervisor_client import ProcessInfo, SupervisorClient, SupervisorUnreachable

#: Seconds until everything has to be up. On an idle machine it takes about two.
START_SECONDS = 60.0

#: Seconds between two looks, and for one look at the gateway, which waits 100 ms for a `hello` first and, when it has
#: no sessions to tell of, 1.5 s before it says so.
_LOOK = 0.1
_GATEWAY = 2.0

#: Seconds for which the gateway's word that iTerm2 is missing is not the last.
_ITERM2 = 5.0

_TAIL_LINES = 15

#: Shows how far the start is: the processes, and whether the gateway answers.
Show = Callable[[Sequence[ProcessInfo], bool], None]


class StartFailed(ItermbusError):
    """It did not come up. The text says what failed; `log` holds the last lines of its log; `code` is for exit."""

    def __init__(self, text: str, log: list[str], code: int = exit_codes.FAILURE) -> None:
        super().__init__(text)
        self.log = log
        self.code = code


class Interrupted(ItermbusError):
    """The user asked to stop before everything was up."""


class Logs:
    """The logs of this start: what was in the files before it belongs to an earlier one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._before = {path: path.stat().st_size for path in folder.glob("*.log")}

    def tail(self, log: Path) -> list[str]:
        """The last lines of a log, without control characters; none when it cannot be read."""
        try:
            with log.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                before = self._before.get(log, 0)
                file.seek(before if before <= size else 0)  # smaller than it was: rotated since
                last = deque(file, _TAIL_LINES)
        except OSError:
            return []
        lines = (line.decode(errors="replace").rstrip("\n") for line in last)
        return ["".join(c if c.isprintable() or c == "\t" else "?" for c in line) for line in lines]


@dataclass(frozen=True, slots=True)
class Launch:
    """A start that was begun: the process that is or becomes supervisord, and the logs since then."""

    process: subprocess.Popen[bytes]
    logs: Logs


def launch(paths: Paths, headless: bool, profiles: Sequence[Path] = ()) -> Launch:
    """Starts supervisord in a session of its own: Ctrl-C is for `up` alone, which then stops it in order."""
    arguments = ["--headless" if headless else "--no-headless", *(f"--profile={file}" for file in profiles)]
    with launch_log(paths).open("wb") as log:
        logs = Logs(paths.log)
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "itermbus", "supervise", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return Launch(process, logs)


def launch_log(paths: Paths) -> Path:
    """What supervisord says before its own log is open."""
    return paths.log / "launch.log"


def wanted(headless: bool) -> tuple[str, ...]:
    """The processes that have to run, in the order in which they start."""
    return ("headless", "broker", "gateway") if headless else ("broker", "gateway")


def wait_until_up(
    paths: Paths,
    begun: Launch,
    names: Sequence[str],
    signals: Signals,
    show: Show,
    seconds: float = START_SECONDS,
) -> str:
    """Returns once all of `names` run and the gateway serves clients.

    Returns what is still missing, in the gateway's words, or nothing. iTerm2 may be missing: it can be started or
    allowed at any time. The headless host may not. Raises `StartFailed` or `Interrupted`.
    """
    client = SupervisorClient(paths.supervisor_socket)
    failures = Failures()
    answering_since = time.monotonic()
    deadline = answering_since + seconds
    while True:
        if signals.stops:
            raise Interrupted("interrupted before everything was up")
        if begun.process.poll() is not None:
            raise _launcher_ended(paths, begun)
        processes = _named(client, names)
        if any(failures.is_hopeless(process) for process in processes):
            raise _diagnosis(paths, begun.logs, processes, names)
        running = len(processes) == len(names) and all(p.is_running for p in processes)
        answer = gateway_probe.ask(paths.gateway_socket, _GATEWAY) if running else None
        complete = answer is not None and answer.complete
        show(processes, complete)
        if complete:
            return ""
        now = time.monotonic()
        if answer is None:
            answering_since = now
        elif now - answering_since > _ITERM2 and "headless" not in names:
            return answer.reason
        if now > deadline:
            raise _diagnosis(paths, begun.logs, processes, names, f" within {seconds:g} s", answer)
        signals.wait(_LOOK)


def _named(client: SupervisorClient, names: Sequence[str]) -> list[ProcessInfo]:
    try:
        known = {p.name: p for p in client.processes()}
    except SupervisorUnreachable:
        return []
    return [known[name] for name in names if name in known]


def _launcher_ended(paths: Paths, begun: Launch) -> StartFailed:
    """What a launcher that is gone said. A set-up problem and a second instance keep their exit codes."""
    said = begun.logs.tail(launch_log(paths))
    code = begun.process.returncode
    known = code in (exit_codes.SETUP, exit_codes.ALREADY_RUNNING)
    if known and said:
        return StartFailed(said[-1].removeprefix("itermbus: "), [], code)
    return StartFailed(f"supervisord ended at once (exit code {code})", said)


def _diagnosis(
    paths: Paths,
    logs: Logs,
    processes: list[ProcessInfo],
    names: Sequence[str],
    limit: str = "",
    answer: gateway_probe.Answer | None = None,
) -> StartFailed:
    """Names the first process that does not run, or what the gateway lacks when all do, with the end of its log."""
    supervisord_log = paths.log / "supervisord.log"
    if not processes:
        return StartFailed(f"supervisord did not answer{limit}", logs.tail(supervisord_log))
    for process in processes:
        if not process.is_running:
            reason = process.why_not or "it is still starting"
            log = Path(process.stdout_logfile)
            return StartFailed(f"{process.name} did not start{limit}: {reason}. The end of {log}:", logs.tail(log))
    missing = [name for name in names if name not in {p.name for p in processes}]
    if missing:
        return StartFailed(f"supervisord knows of no {' and no '.join(missing)}", logs.tail(supervisord_log))
    if answer is not None:
        log = paths.log / "broker.log"
        return StartFailed(f"no sessions{limit}: {answer.reason}. The end of {log}:", logs.tail(log))
    log = paths.log / "gateway.log"
    text = f"the gateway did not answer{limit} at {paths.gateway_socket}. The end of {log}:"
    return StartFailed(text, logs.tail(log))
