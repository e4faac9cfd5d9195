"""How sessions end: the program exits, somebody closes, the undo period runs out, a restart."""

import asyncio
import logging

from headless import activation, creation, listing, naming, programs, split_tree
from headless.events import Focus
from headless.host import Host
from headless.model import Tab, Window
from headless.profiles import new_guid
from headless.pty_task import PtyTask
from headless.session import Session
from headless.sizing import relayout

_log = logging.getLogger(__name__)
#: Profile key Close Sessions On End.
_STAY, _CLOSE, _RESTART = 0, 1, 2
_MAX_UNDO_SECONDS = 3600.0


def program_ended(host: Host, session: Session, task: PtyTask) -> None:
    """The program of a session ended by itself: TerminateSession (a), then what the profile says."""
    if session.task is not task:
        return  # a program that was replaced or closed meanwhile
    _log.info("session %s: its program ended", session.guid)
    programs.forget_program(host, session, hang_up=False)
    session.exited = True
    if session in host.app.undoable:
        return  # marked as ended already when it was closed
    old_guid = session.guid
    host.events.terminated(old_guid)
    action = session.profile.number("Close Sessions On End", 0, 2)
    if action == _RESTART:
        _give_new_program(host, session)
    elif action == _CLOSE:
        close(host, [session])


def close(host: Host, sessions: list[Session]) -> None:
    """Closes sessions as a user does: they leave the list at once and can be brought back for a while.

    LayoutChanged follows at once, TerminateSession after the undo period (sources/PTYSession/PTYSession.m:3782-3876).
    """
    host.events.layout_changed()  # first, so that the focus changes wait behind it
    for session in sessions:
        if session in host.app.undoable:
            continue
        if session.tab is not None:
            session.former_window = session.tab.window
            take_out(host, session)
        elif session in host.app.buried:
            host.app.buried.remove(session)
        session.exited = True
        host.app.undoable.append(session)
        if (task := session.task) is not None:
            host.notifier.post(lambda task=task: task.set_paused(True))  # type: ignore[misc]  # bound per turn
        seconds = undo_seconds(host, session)
        if seconds <= 0:
            destroy(host, session)
        else:
            session.undo_timer = asyncio.get_running_loop().call_later(seconds, destroy, host, session)
    _drop_from_domains(host, sessions)


def undo_seconds(host: Host, session: Session) -> float:
    """How long a closed session can be brought back."""
    if host.config.undo_seconds is not None:
        return host.config.undo_seconds
    value = session.profile.get("Session Close Undo Timeout")
    return min(_MAX_UNDO_SECONDS, float(value)) if isinstance(value, (int, float)) else 5.0


def undo_close(host: Host, session: Session) -> None:
    """Brings a closed session back: NewSession with the same GUID, then LayoutChanged (PTYSession.m:3920).

    It comes back as a tab of its own in its former window, where iTerm2 restores the exact place.
    """
    host.app.undoable.remove(session)
    if session.undo_timer is not None:
        session.undo_timer.cancel()
        session.undo_timer = None
    session.exited = session.program is None
    host.events.new_session(session.guid)
    window = creation.window_for(host, session.former_window, session)
    tab = creation.insert_tab(host, window, session, len(window.tabs))
    if (task := session.task) is not None:
        host.notifier.post(lambda: task.set_paused(False))
    host.events.layout_changed()
    activation.bring_to_front(host, window)
    activation.select_tab(host, tab)


def destroy(host: Host, session: Session) -> None:
    """The final end: TerminateSession (b), the coprocess gets SIGTERM, the program SIGHUP."""
    if session not in host.app.undoable:
        return
    host.app.undoable.remove(session)
    session.undo_timer = None
    host.events.terminated(session.guid)
    programs.release_task(host, session)
    programs.forget_program(host, session, hang_up=True)
    host.screens.close(session.number)
    host.by_number.pop(session.number, None)
    host.hub.forget_session(session.guid, session.variables)


def take_out(host: Host, session: Session) -> None:
    """Removes a session from its tab; an empty tab and an empty window go with it, others become current."""
    tab = session.tab
    if tab is None:
        return
    position = tab.sessions().index(session)
    split_tree.remove(tab.root, session)
    session.tab = None
    if tab.maximized is not None:
        tab.maximized = None
    left = tab.sessions()
    if not left:
        remove_tab(host, tab)
        return
    relayout(host, tab)
    if tab.active is session:
        tab.active = left[0]
        tab.active = left[max(0, position - 1)]
        host.events.focus(Focus(session=tab.active.guid))
        naming.refresh_tab_title(tab)


def detach(host: Host, session: Session) -> None:
    """Takes a session out of wherever it is, to be put elsewhere."""
    if session in host.app.buried:
        host.app.buried.remove(session)
    take_out(host, session)


def remove_tab(host: Host, tab: Tab) -> None:
    """Removes a tab that has no sessions, or whose sessions moved.

    If it was selected, the tab to its right is then, as iTerm2 does with `moveLeftAfterClosingTab` off, its default
    (sources/Settings/iTermAdvancedSettingsModel.m).
    """
    window = tab.window
    index = window.tabs.index(tab)
    window.tabs.remove(tab)
    if not window.tabs:
        _remove_window(host, window)
    elif window.selected is tab:
        window.selected = None
        activation.select_tab(host, window.tabs[min(index, len(window.tabs) - 1)])
        naming.refresh_window_title(window)


def _remove_window(host: Host, window: Window) -> None:
    app = host.app
    was_current = app.current_window is window
    app.windows.remove(window)
    app.stacking.remove(window)
    window.selected = None
    host.events.layout_changed()
    if was_current:
        activation.announce_key_window(host)


def restart(host: Host, session: Session) -> None:
    """Ends the program if it runs, and starts it anew in the same pane under a new GUID.

    A running program gives TerminateSession with the old GUID; NewSession does not follow
    (sources/PTYSession/PTYSession.m:4529, :4667).
    """
    if session.program is not None and not session.exited:
        host.events.terminated(session.guid)
    _give_new_program(host, session)


def _give_new_program(host: Host, session: Session) -> None:
    programs.release_task(host, session)
    programs.forget_program(host, session, hang_up=True)
    old, session.guid = session.guid, new_guid()
    session.variables.set("id", session.guid)
    host.hub.session_renamed(old, session.guid)
    host.screens.reset(session.number)
    programs.launch(host, session)


def bury(host: Host, session: Session) -> None:
    """Takes a session out of its window; it lives on and is listed as buried. No TerminateSession."""
    if session.tab is None:
        return
    host.events.layout_changed()
    session.former_window = session.tab.window
    take_out(host, session)
    host.app.buried.append(session)


def disinter(host: Host, session: Session) -> None:
    """Brings a buried session back as a tab."""
    if session not in host.app.buried:
        return
    host.app.buried.remove(session)
    window = creation.window_for(host, session.former_window, session)
    tab = creation.insert_tab(host, window, session, len(window.tabs))
    host.events.layout_changed()
    activation.select_tab(host, tab)


def _drop_from_domains(host: Host, sessions: list[Session]) -> None:
    app = host.app
    if not app.broadcast_domains:
        return
    kept = [[session for session in domain if session not in sessions] for domain in app.broadcast_domains]
    app.broadcast_domains = [domain for domain in kept if len(domain) > 1]
    host.events.domains_changed(listing.broadcast_domains(app))
