"""New sessions, tabs, windows and panes, with the notifications in iTerm2's order."""

import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from headless import activation, environment, naming, profiles, programs, split_tree
from headless.host import Host
from headless.model import Tab, Window
from headless.profiles import SessionProfile
from headless.screens import ScreenSize
from headless.session import Session
from headless.sizing import MAX_COLUMNS, MAX_ROWS, relayout, resize_window, update_frame_variable
from headless.split_tree import Rect, Split
from headless.variables import Scope, Variables

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
            "shell": Path(programs.shell(host)).name,
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
    host.hub.extend_monitors(session.guid, variables)
    return session


def open_window(host: Host, profile: SessionProfile) -> Session:
    """A new window with one tab, in front of the others."""
    columns = host.config.columns or profile.number("Columns", split_tree.MIN_COLUMNS, MAX_COLUMNS)
    rows = host.config.rows or profile.number("Rows", split_tree.MIN_ROWS, MAX_ROWS)
    session = new_session(host, profile, Rect(0, 0, columns, rows))
    window = _new_window(host, columns, rows)
    tab = insert_tab(host, window, session, len(window.tabs))
    programs.launch(host, session)
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
    programs.launch(host, session)
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
    programs.launch(host, new)
    host.events.layout_changed()
    activation.select_pane(host, new)
    naming.refresh_titles(host, new)
    return new


def resize_to_fit(host: Host, session: Session, columns: int, rows: int) -> None:
    """Resizes the window so that this session gets a size; exact in tabs of one pane."""
    assert session.tab is not None
    window = session.tab.window
    resize_window(host, window, window.columns + columns - session.columns, window.rows + rows - session.rows)
