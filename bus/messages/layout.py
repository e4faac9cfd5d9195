"""iTerm2's windows, tabs and sessions as the broker knows them."""

from typing import Literal

from bus.messages.fields import Cells, Count, Message, SessionId
from bus.version import BUS_VERSION


class Iterm2Status(Message, frozen=True, kw_only=True):
    """Whether the broker has iTerm2, and what the user can do if it has not."""

    state: Literal[
        "not_installed", "not_running", "api_disabled", "waiting_for_authorisation", "refused", "connected", "lost"
    ]
    reason: str = ""
    version: str | None = None


class Session(Message, frozen=True, kw_only=True, tag_field="kind", tag="session"):
    """One session as the broker knows it.

    `worker`: a worker runs for it, so its endpoints are worth connecting to. `tmux`: its part in iTerm2's tmux
    integration; to a client pane, whole characters only can be written through a coprocess, and `SendText` is safer.
    """

    session_id: SessionId
    title: str
    columns: Cells
    rows: Cells
    attached: bool = False
    worker: bool = False
    reason: str | None = None
    path: str | None = None
    job: str | None = None
    tty: str | None = None
    tmux: Literal["gateway", "client"] | None = None


class Split(Message, frozen=True, kw_only=True, tag_field="kind", tag="split"):
    """A node of a tab's split tree. `vertical`: the dividers are, so the panes stand side by side."""

    vertical: bool
    children: tuple["Split | Session", ...]


class Tab(Message, frozen=True, kw_only=True):
    tab_id: str
    root: Split
    active_session_id: SessionId | None = None


class Window(Message, frozen=True, kw_only=True):
    window_id: str
    number: Count
    tabs: tuple[Tab, ...]
    selected_tab_id: str | None = None


class Layout(Message, frozen=True, kw_only=True):
    """All that the broker knows of iTerm2. `revision` grows with each change within one run of the broker."""

    v: int = BUS_VERSION
    broker: str
    revision: Count
    iterm2: Iterm2Status
    windows: tuple[Window, ...] = ()
    buried: tuple[Session, ...] = ()
    active_window_id: str | None = None
    application_active: bool = False
