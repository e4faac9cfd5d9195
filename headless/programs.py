"""The programs in sessions: starting them, letting go of them."""

import logging
import shlex
from pathlib import Path

from headless import environment, pty_session
from headless.host import Host
from headless.listing import pane_number
from headless.profiles import SessionProfile
from headless.pty_session import Launch
from headless.pty_task import PtyTask
from headless.session import Session

_log = logging.getLogger(__name__)
#: The user default of iTerm2's advanced setting `setCookie`: an advanced setting's key is its name with a capital
#: (sources/Settings/iTermAdvancedSettingsModel.m, DEFINE_BOILERPLATE).
SET_COOKIE = "SetCookie"


def launch(host: Host, session: Session) -> None:
    """Starts the session's program; one that cannot be started leaves an exited session that says so."""
    tab = session.tab
    if tab is not None:
        session.prefix = f"w{tab.window.number}t{tab.number}p{pane_number(tab, session)}"
    session.folder = _folder(host, session)
    program, argv = _command(host, session.profile)
    shell_environment = environment.shell_environment(
        host.environment, added_environment(host, session), shell(host), str(host.config.home)
    )
    try:
        started = pty_session.start_program(
            Launch(program, argv, shell_environment, session.folder, session.columns, session.rows)
        )
    except OSError as error:
        _log.error("session %s: cannot start a program: %s", session.guid, error.strerror)
        session.exited = True
        host.screens.inject(session.number, f"cannot start a program: {error.strerror}\r\n".encode())
        return
    host.programs[started.pid] = started
    session.program, session.exited = started, False
    number, feed = session.number, host.screens.feed
    task = PtyTask(
        started.master,
        started.pid_fd,
        host.notifier,
        host.tally,
        on_output=lambda data: feed.data(number, data),
        on_broken=lambda broken: host.notifier.tell(host.on_program_ended, host, session, broken),
    )
    session.task = task
    host.notifier.post(task.start)
    session.variables.update(
        {
            "tty": started.tty,
            "pid": started.pid,
            "effective_root_pid": started.pid,
            "jobPid": started.pid,
            "path": session.folder,
            "termid": f"{session.prefix}.{session.guid}",
        }
    )
    _log.info("session %s: pid %d on %s", session.guid, started.pid, started.tty)


def added_environment(host: Host, session: Session) -> dict[str, str]:
    """What the session adds to the environment, for its shell and its coprocess.

    The prefix is computed anew at each launch, so a coprocess' may differ (sources/PTYSession/PTYSession.m:3012).
    """
    tab = session.tab
    prefix = session.prefix
    if tab is not None:
        prefix = f"w{tab.window.number}t{tab.number}p{pane_number(tab, session)}"
    terminal_type = session.profile.text("Terminal Type") or "xterm"
    added = environment.session_environment(
        session.guid, prefix, session.profile.text("Name"), terminal_type, session.folder, host.config.suite
    )
    if host.preferences.get(SET_COOKIE) in ("true", "1"):
        # A fresh one for each launch, good for one connection (sources/PTYSession/PTYSession.m:3093).
        added["ITERM2_COOKIE"] = host.cookies.issue()
    return added


def shell(host: Host) -> str:
    """The login shell of new sessions."""
    return host.config.shell or environment.login_shell()


def _command(host: Host, profile: SessionProfile) -> tuple[str, list[str]]:
    """The program and its arguments: the profile's command, else a login shell."""
    # A C string ends at its first zero byte, and so does a command.
    custom, command = profile.text("Custom Command"), profile.text("Command").partition("\0")[0]
    if custom == "Yes" and command.strip():
        try:
            words = [_expand(host, word) for word in shlex.split(command)]
        except ValueError:
            words = ["/bin/sh", "-c", command]
        return words[0], words
    program = command if custom == "Custom Shell" and command else shell(host)
    return program, ["-" + Path(program).name]


def _folder(host: Host, session: Session) -> str:
    """Where the program starts: the profile's folder, the current session's (Recycle), or home."""
    custom = session.profile.text("Custom Directory")
    if custom == "Yes":
        wanted = session.profile.text("Working Directory")
        if wanted:
            return _expand(host, wanted)
    elif custom == "Recycle":
        current = host.app.current_session
        path = current.variables.get("path") if current is not None and current is not session else None
        if isinstance(path, str) and Path(path).is_dir():
            return path
    return str(host.config.home)


def _expand(host: Host, word: str) -> str:
    """A leading `~` is the host's HOME."""
    return str(host.config.home) + word[1:] if word == "~" or word.startswith("~/") else word


def forget_program(host: Host, session: Session, *, hang_up: bool) -> None:
    """Lets the session's program be reaped; `hang_up` ends it first. Its PTY task stays as it is."""
    program, session.program = session.program, None
    if program is None:
        return
    if hang_up:
        pty_session.hang_up(program)
    host.notifier.post(lambda: host.notifier.reap(program.process))
    for pid in [pid for pid, known in host.programs.items() if known.process.returncode is not None]:
        del host.programs[pid]


def release_task(host: Host, session: Session) -> None:
    """Closes the PTY and ends the coprocess, as iTerm2 does when the task object goes (sources/Tasks/PTYTask.m:100)."""
    task, session.task = session.task, None
    session.coprocess = None
    if task is not None:
        host.notifier.post(task.close)
