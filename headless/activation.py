"""What becomes current: windows, tabs, panes, the app; and the focus notifications that follow."""

from headless.events import Focus
from headless.host import Host
from headless.model import Tab, Window
from headless.session import Session
from headless.sizing import relayout

_WindowFocus = Focus.Window


def select_pane(host: Host, session: Session) -> None:
    """Makes a session the active pane of its tab; announced only if it was not (sources/TerminalView/PTYTab.m:943)."""
    tab = session.tab
    if tab is None:
        return
    if tab.maximized is not None and tab.maximized is not session:
        tab.maximized = session  # a maximised tab is maximised on the new pane
        relayout(host, tab)
        host.events.layout_changed()
    if tab.active is not session:
        tab.active = session
        host.events.focus(Focus(session=session.guid))


def select_tab(host: Host, tab: Tab) -> None:
    """Shows a tab: first its active pane is announced, changed or not, then the tab.

    Sources: iTerm2 sources/TerminalView/PseudoTerminal.m:7108, :7155.
    """
    window = tab.window
    if window.selected is tab:
        return
    window.selected = tab
    host.events.focus(Focus(session=tab.active.guid))
    host.events.focus(Focus(selected_tab=str(tab.tab_id)))


def bring_to_front(host: Host, window: Window) -> None:
    """Makes a window the current one and gives it the keyboard."""
    app = host.app
    old = app.current_window
    if old is window and app.key:
        return
    app.stacking.remove(window)
    app.stacking.insert(0, window)
    if old is not None and old is not window and app.key:
        host.events.focus(
            Focus(window=_WindowFocus(window_status=_WindowFocus.TERMINAL_WINDOW_RESIGNED_KEY, window_id=old.window_id))
        )
    app.key = True
    announce_key_window(host)


def announce_key_window(host: Host) -> None:
    """Says which window has the keyboard."""
    window = host.app.current_window
    if window is not None:
        host.events.focus(
            Focus(
                window=_WindowFocus(window_status=_WindowFocus.TERMINAL_WINDOW_BECAME_KEY, window_id=window.window_id)
            )
        )


def set_app_active(host: Host, active: bool) -> None:
    """The app comes to the front, or another app does."""
    if host.app.active != active:
        host.app.active = active
        host.events.focus(Focus(application_active=active))


def toggle_maximized(host: Host, session: Session) -> None:
    """Lets a pane fill its tab, or shows all panes again."""
    tab = session.tab
    if tab is None or len(tab.sessions()) < 2:
        return
    tab.maximized = None if tab.maximized is not None else session
    relayout(host, tab)
    host.events.layout_changed()
