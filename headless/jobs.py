"""The foreground job of each session: jobName, jobPid, commandLine, path; looked up, since nobody reports it."""

import asyncio
import os
from pathlib import Path

import psutil

from headless import naming
from headless.host import Host
from headless.session import Session

#: iTerm2 looks about once a second (sources/PTYSession/PTYSession.m:7434).
POLL_SECONDS = 1.0
#: Variables that come from here; without anyone watching one of them nothing is polled.
POLLED = frozenset(
    ("jobName", "jobPid", "commandLine", "processTitle", "path", "presentationName", "title", "deepestJob")
)


async def poll(host: Host) -> None:
    """Looks at all sessions about once a second, as long as somebody watches; runs until cancelled."""
    while True:
        await asyncio.sleep(POLL_SECONDS)
        if host.hub.watches(POLLED):
            for session in list(host.app.sessions()):
                refresh(host, session)
                await asyncio.sleep(0)  # a look costs some tenths of a millisecond: requests go in between


def refresh(host: Host, session: Session) -> None:
    """Looks at one session now."""
    if not session.alive or session.program is None or session.task is None:
        return
    try:
        group = os.tcgetpgrp(session.task.fileno())
    except OSError:
        return
    found = _look(group) or _look(session.program.pid)
    if found is None:
        return
    name, command_line, title, folder, pid = found
    variables = session.variables
    variables.update({"jobPid": pid, "commandLine": command_line, "processTitle": title, "jobName": name})
    if folder:
        variables.set("path", folder)
    naming.refresh_titles(host, session)


def _look(pid: int) -> tuple[str, str, str, str, int] | None:
    """Name, command line, argv[0], working folder and pid of a process; None if it is gone."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            words = process.cmdline()
            name = process.name()
            folder = process.cwd()
    except (psutil.Error, OSError):
        return None
    first = Path(words[0]).name if words and words[0] else name
    return first.lstrip("-") or name, " ".join(words)[:4096], words[0] if words else name, folder, pid
