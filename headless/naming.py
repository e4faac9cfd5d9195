"""Names of sessions and titles of tabs and windows."""

from headless.host import Host
from headless.model import Tab, Window
from headless.session import Session


def set_session_name(host: Host, session: Session, name: str) -> None:
    """A session's own name, by its profile, the API or an escape sequence."""
    session.variables.update({"autoNameFormat": name, "autoName": name, "name": name})
    refresh_titles(host, session)


def refresh_titles(host: Host, session: Session) -> None:
    """Computes what tab and window show: the name and the job, the default of Title Components."""
    job = session.variables.get("jobName")
    session.variables.set("presentationName", f"{session.name} ({job})" if job else session.name)
    tab = session.tab
    if tab is not None and tab.active is session:
        refresh_tab_title(tab)


def refresh_tab_title(tab: Tab) -> None:
    """A tab shows its override, else its active session; a window its selected tab."""
    override = tab.variables.get("titleOverride")
    tab.variables.set("title", override or tab.active.variables.get("presentationName"))
    if tab.window.selected is tab:
        refresh_window_title(tab.window)


def refresh_window_title(window: Window) -> None:
    """A window shows its override, else what its selected tab shows."""
    override = window.variables.get("titleOverride")
    shown = window.selected.variables.get("title") if window.selected is not None else None
    window.variables.set("title", override or shown)


def set_title(target: Tab | Window, title: str) -> None:
    """The override of a tab's or window's title; empty takes it away."""
    target.variables.update({"titleOverrideFormat": title or None, "titleOverride": title or None})
    if isinstance(target, Tab):
        refresh_tab_title(target)
    else:
        refresh_window_title(target)
