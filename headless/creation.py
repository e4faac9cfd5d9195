"""New sessions, tabs, windows and panes, with the notifications in iTerm2's order."""

import logging
import os
import shlex
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from headless import activation, ending, environment, naming, profiles, pty_session, split_tree
from headless.host import Host
from headless.listing import pane_number
from headless.model import Tab, Window
from headless.profiles import SessionProfile
from headless.pty_session import Launch
from headless.pty_task import PtyTask
from headless.screens import ScreenSize
from headless.session import Session
from headless.sizing import MAX_COLUMNS, MAX_ROWS, relayout, resize_window, update_frame_variable
from headless.split_tree import Rect, Split
from headless.variables import Scope, Variables

_log = logging.getLogger(__name__)
#: "Unlimited scrollback" as asked of the emulator, which has a bound of its own.
_UNLIMITED = 1 << 30
#: Offset between the origins of successive windows, in points.
_CASCADE = 22


def make_profile(host: Host, name: str | None, overrides: Mapping[str, object]) -> SessionProfile | None:
    """The profile of a new session: by name, else the default one, changed by `overrides`; None if unknown."""
    shared = host.profiles.default if name is None else host.profiles.by_name(name)
    if shared is None:
        return None
    return SessionProfile(host.profiles, str(shared["Guid"]), overrides)


def new_session(host: Host, profile: SessionProfile, rect: Rect) -> Session:
    """A session object with its screen; announced at once, before it is in a tab (PTYSession.m:1083)."""
    variables = Variables(Scope.SESSION, host.hub.variable_changed)
    session = Session(profile=profile, variables=variables, rect=rect)
    variables.link(
        tab=lambda: session.tab.variables if session.tab is not None else None,
        iterm2=lambda: host.app.variables,
    )
    host.by_number[session.number] = session
    values = profile.values()
    scrollback = _UNLIMITED if values.get("Unlimited Scrollback") else profile.number("Scrollback Lines", 0, _UNLIMITED)
    dark = "dark" in str(host.app.variables.get("effectiveTheme"))
    host.screens.open(
        session.number, ScreenSize(rect.columns, rect.rows, scrollback, profiles.palette(values, dark=dark))
    )
    name = profile.text("Name")
    user = environment.user_name()
    variables.update(
        {
            "id": session.guid,
            "columns": rect.columns,
            "rows": rect.rows,
            "name": name,
            "autoName": name,
            "autoNameFormat": name,
            "presentationName": name,
            "profileName": name,
            "badge": profile.text("Badge Text") or None,
            "hostname": socket.gethostname(),
            "username": user,
            "homeDirectory": str(host.config.home),
            "shell": Path(_shell(host)).name,
            "uname": os.uname().sysname,
            "isLocalhost": True,
            "mouseReportingMode": -1,
            "showingAlternateScreen": False,
            "applicationKeypad": False,
            "bellCount": 0,
            "selection": "",
            "selectionLength": 0,
            "sshIntegrationLevel": 0,
            "isBroadcastSource": False,
            "creationTimeString": time.strftime("%Y%m%d_%H%M%S"),
        }
    )
    host.events.new_session(session.guid)
    for monitor in host.hub.all_monitors():
        ending.extend_monitor(host, monitor, session)
    return session


def open_window(host: Host, profile: SessionProfile) -> Session:
    """A new window with one tab, in front of the others."""
    columns = host.config.columns or profile.number("Columns", split_tree.MIN_COLUMNS, MAX_COLUMNS)
    rows = host.config.rows or profile.number("Rows", split_tree.MIN_ROWS, MAX_ROWS)
    session = new_session(host, profile, Rect(0, 0, columns, rows))
    window = _new_window(host, columns, rows)
    tab = insert_tab(host, window, session, len(window.tabs))
    launch(host, session)
    host.events.layout_changed()
    activation.bring_to_front(host, window)
    activation.select_tab(host, tab)
    naming.refresh_titles(host, session)
    return session


def _new_window(host: Host, columns: int, rows: int) -> Window:
    number = host.app.free_window_number()
    variables = Variables(Scope.WINDOW, host.hub.variable_changed)
    window = Window(number=number, columns=columns, rows=rows, variables=variables)
    variables.link(
        currentTab=lambda: window.selected.variables if window.selected is not None else None,
        iterm2=lambda: host.app.variables,
    )
    window.origin = (_CASCADE * (number % 20), _CASCADE * (number % 20))
    variables.update({"id": window.window_id, "number": number + 1, "style": "normal", "isHotkeyWindow": False})
    update_frame_variable(window)
    host.app.windows.append(window)
    host.app.stacking.append(window)
    return window


def window_for(host: Host, former: Window | None, session: Session) -> Window:
    """The window a session came from if it is still there, else a new one of the session's size."""
    if former is not None and former in host.app.windows:
        return former
    return _new_window(host, session.columns, session.rows)


def insert_tab(host: Host, window: Window, session: Session, index: int) -> Tab:
    """A new tab holding one session; not yet selected."""
    variables = Variables(Scope.TAB, host.hub.variable_changed)
    tab = Tab(
        tab_id=host.app.next_tab_id(), window=window, variables=variables, active=session, number=len(window.tabs)
    )
    variables.link(
        currentSession=lambda: tab.active.variables,
        window=lambda: tab.window.variables,
        iterm2=lambda: host.app.variables,
    )
    tab.root = Split(vertical=False, children=[session], weights=[1.0])
    session.tab = tab
    variables.update({"id": tab.tab_id, "tmuxWindow": -1})
    window.tabs.insert(index, tab)
    relayout(host, tab)
    return tab


def open_tab(host: Host, window: Window, profile: SessionProfile, index: int, *, select: bool) -> Session:
    """A new tab in a window. LayoutChanged follows always, where iTerm2 sends it only if the size did not fit."""
    session = new_session(host, profile, window.area)
    tab = insert_tab(host, window, session, index)
    launch(host, session)
    host.events.layout_changed()
    if select:
        activation.bring_to_front(host, window)
        activation.select_tab(host, tab)
    naming.refresh_titles(host, session)
    return session


def split_pane(host: Host, session: Session, profile: SessionProfile, *, vertical: bool, before: bool) -> Session:
    """A new pane beside a session that is in a tab; it becomes the active one."""
    tab = session.tab
    assert tab is not None
    tab.maximized = None
    new = new_session(host, profile, session.rect)
    split_tree.split(tab.root, session, new, vertical=vertical, before=before)
    new.tab = tab
    relayout(host, tab)
    launch(host, new)
    host.events.layout_changed()
    activation.select_pane(host, new)
    naming.refresh_titles(host, new)
    return new


def resize_to_fit(host: Host, session: Session, columns: int, rows: int) -> None:
    """Resizes the window so that this session gets a size; exact in tabs of one pane."""
    assert session.tab is not None
    window = session.tab.window
    resize_window(host, window, window.columns + columns - session.columns, window.rows + rows - session.rows)


# Programs.


def launch(host: Host, session: Session) -> None:
    """Starts the session's program; one that cannot be started leaves an exited session that says so."""
    tab = session.tab
    if tab is not None:
        session.prefix = f"w{tab.window.number}t{tab.number}p{pane_number(tab, session)}"
    session.folder = _folder(host, session)
    program, argv = _command(host, session.profile)
    shell_environment = environment.shell_environment(
        host.environment, added_environment(host, session), _shell(host), str(host.config.home)
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
        on_output=lambda data: feed.data(number, data),
        on_broken=lambda broken: host.notifier.tell(ending.program_ended, host, session, broken),
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
    return environment.session_environment(
        session.guid, prefix, session.profile.text("Name"), terminal_type, session.folder, host.config.suite
    )


def _shell(host: Host) -> str:
    return host.config.shell or environment.login_shell()


def _command(host: Host, profile: SessionProfile) -> tuple[str, list[str]]:
    """The program and its arguments: the profile's command, else a login shell."""
    custom, command = profile.text("Custom Command"), profile.text("Command")
    if custom == "Yes" and command.strip():
        try:
            words = [_expand(host, word) for word in shlex.split(command)]
        except ValueError:
            words = ["/bin/sh", "-c", command]
        return words[0], words
    shell = command if custom == "Custom Shell" and command else _shell(host)
    return shell, ["-" + Path(shell).name]


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
