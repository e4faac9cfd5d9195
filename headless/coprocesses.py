"""Which session has which coprocess: the slot as the API sees it (iTerm2 sources/PTYSession/PTYSession.m:22786)."""

import asyncio
import logging

from headless import environment, programs
from headless.coprocess_host import Coprocess
from headless.host import Host
from headless.session import Session

_log = logging.getLogger(__name__)


def start(host: Host, session: Session, command: str, *, muted: bool) -> bool:
    """Starts a coprocess; False if the session has one. An exited session says True and never serves it."""
    if session.coprocess is not None:
        return False
    command = command.partition("\0")[0]  # a C string ends there
    host.note_coprocess(command)
    task = session.task
    if task is None:
        return True
    added = programs.added_environment(host, session)
    try:
        coprocess = Coprocess(command, environment.coprocess_environment(host.environment, added))
    except OSError as error:  # iTerm2 shows an alert and answers as if it had started (sources/Tasks/Coprocess.m:68)
        _log.error("session %s: cannot start a coprocess: %s", session.guid, error.strerror)
        return True
    session.coprocess = coprocess
    host.notifier.post(
        lambda: task.attach(
            coprocess,
            muted=muted,
            on_end=lambda ended: host.notifier.tell(_ended, session, ended),
            on_errors=lambda ended: host.notifier.tell(session.announce, ended.command, ended.errors),
        )
    )
    _log.info("session %s: coprocess %d started", session.guid, coprocess.pid)
    return True


def stop(host: Host, session: Session) -> "asyncio.Future[bool] | None":
    """Stops the coprocess; None if there is none, else what becomes True once it is done."""
    coprocess, session.coprocess = session.coprocess, None
    if coprocess is None or session.task is None:
        return None
    _log.info("session %s: coprocess %d stopped", session.guid, coprocess.pid)
    return host.notifier.call(session.task.stop_coprocess)


def _ended(session: Session, coprocess: Coprocess) -> None:
    """EOF on the coprocess' stdout: the slot is free."""
    if session.coprocess is coprocess:
        session.coprocess = None
