"""Other instances of this user, of another home folder: both would want the coprocess slot of the same iTerm2."""

from collections.abc import Iterable
from contextlib import suppress

import psutil

from bus.paths import Paths
from itermbus.doctor.finding import Finding, ok, problem, warning

_CHECK = "other instances"


def check(paths: Paths, headless: bool) -> list[Finding]:
    """Among all processes of this user."""
    own = str(paths.environment / "bin" / "python")
    with_arguments = ((p.info["pid"], p.info["cmdline"] or []) for p in _mine())
    return judge([(pid, arguments) for pid, arguments in with_arguments if arguments[:1] != [own]], headless)


def judge(processes: Iterable[tuple[int, list[str]]], headless: bool) -> list[Finding]:
    """`processes`: the others' pids and arguments. With the headless host every home has its own, so nobody minds."""
    others = [pid for pid, arguments in processes if _is_supervisord_of_ours(arguments)]
    if not others:
        return [ok(_CHECK, "none")]
    text = f"another home folder has one: pid {', '.join(map(str, others[:5]))}"
    if headless:
        return [warning(_CHECK, text, "Nothing, if that is meant: the headless host is each one's own.")]
    return [problem(_CHECK, text, "Both attach to one iTerm2. Stop one: HOME=that home, itermbus down")]


def _is_supervisord_of_ours(arguments: list[str]) -> bool:
    return (
        len(arguments) > 3
        and "supervisor.supervisord" in arguments
        and arguments[0].endswith("/.itermbus/env/bin/python")
    )


def _mine() -> Iterable[psutil.Process]:
    user = psutil.Process().uids().real
    for process in psutil.process_iter(["pid", "cmdline"]):
        with suppress(psutil.Error):
            if process.uids().real == user:
                yield process
