"""The model -> the bus's `Layout`. Pure."""

from typing import Literal

from broker.attach import DETACHING, NOT_CONNECTED
from broker.model import Json, ListedTab, ListedWindow, Model, Node, Pane, SessionRecord
from bus.messages.layout import Layout, Session, Split, Tab, Window

#: A layout of 500 sessions has to fit a header (`bus.limits`), whatever programs put into titles: UTF-8 bytes.
_TITLE_BYTES = 512
_PATH_BYTES = 1024
_NAME_BYTES = 128

_CELLS_MOST = 10_000

#: iTerm2's size of a new session (plists/DefaultBookmark.plist), for one that has not told its size yet.
_COLUMNS, _ROWS = 80, 25


def compose(model: Model, broker: str, revision: int) -> Layout:
    """What the bus is told. `broker` names this run, `revision` this state of it."""
    listing, focus = model.listing, model.focus
    return Layout(
        broker=broker,
        revision=revision,
        iterm2=model.status,
        windows=tuple(_window(model, window) for window in listing.windows),
        buried=tuple(_session(model, pane) for pane in listing.buried),
        active_window_id=_known(focus.window_id, {window.window_id for window in listing.windows}),
        application_active=focus.application_active,
    )


def _window(model: Model, window: ListedWindow) -> Window:
    tabs = {tab.tab_id for tab in window.tabs}
    selected = _known(model.focus.tabs.get(window.window_id), tabs) or _known(window.selected_tab_id, tabs)
    return Window(
        window_id=window.window_id,
        number=window.number,
        tabs=tuple(_tab(model, tab) for tab in window.tabs),
        selected_tab_id=selected,
    )


def _tab(model: Model, tab: ListedTab) -> Tab:
    sessions = {pane.session_id for pane in tab.root.panes()}
    active = _known(model.focus.sessions.get(tab.tab_id), sessions) or _known(tab.active_session_id, sessions)
    return Tab(tab_id=tab.tab_id, root=_split(model, tab.root), active_session_id=active)


def _split(model: Model, node: Node) -> Split:
    children = (_session(model, child) if isinstance(child, Pane) else _split(model, child) for child in node.children)
    return Split(vertical=node.vertical, children=tuple(children))


def _session(model: Model, pane: Pane) -> Session:
    record = model.sessions.get(pane.session_id, SessionRecord())
    variables = record.variables
    attached = record.attached is True
    return Session(
        session_id=pane.session_id,
        title=_title(pane, record),
        columns=_cells(variables.get("columns"), pane.columns, _COLUMNS),
        rows=_cells(variables.get("rows"), pane.rows, _ROWS),
        attached=attached,
        worker=record.worker,
        reason=None if attached else _reason(model, record),
        path=_text(variables.get("path"), _PATH_BYTES),
        job=_text(variables.get("jobName"), _NAME_BYTES),
        tty=_text(variables.get("tty"), _NAME_BYTES),
        tmux=_tmux(variables.get("tmuxRole")),
    )


def _tmux(role: Json) -> Literal["gateway", "client"] | None:
    match role:
        case "gateway" | "client":
            return role
    return None


def _reason(model: Model, record: SessionRecord) -> str | None:
    if model.detaching:
        return DETACHING
    if record.reason is None and model.status.state != "connected":
        return NOT_CONNECTED
    return record.reason


def _title(pane: Pane, record: SessionRecord) -> str:
    """What iTerm2 shows in the tab; what the list says of a session whose variables have not come yet."""
    for name in ("presentationName", "name"):
        text = _text(record.variables.get(name), _TITLE_BYTES)
        if text:
            return text
    return _text(pane.title, _TITLE_BYTES) or ""


def _text(value: Json, most: int) -> str | None:
    """`value` if it is a text that says anything, cut after `most` bytes of UTF-8 but not within a character."""
    if not isinstance(value, str) or not value:
        return None
    return value.encode("utf-8", "replace")[:most].decode("utf-8", "ignore")


def _cells(variable: Json, listed: int | None, default: int) -> int:
    """A side of the grid. The variable is the authority (iTerm2 sources/PTYSession/PTYSession.m:2617)."""
    for value in (variable, listed):
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return min(value, _CELLS_MOST)
    return default


def _known(name: str | None, names: set[str]) -> str | None:
    return name if name in names else None
