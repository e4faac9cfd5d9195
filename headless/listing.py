"""The model as ListSessions and Focus show it (iTerm2 sources/API/iTermAPIHelper.m:2363, :3264)."""

from iterm2 import api_pb2

from headless import split_tree
from headless.model import CELL_HEIGHT, CELL_WIDTH, App, Tab, Window
from headless.session import Session
from headless.split_tree import Split

FocusWindow = api_pb2.FocusChangedNotification.Window


def list_sessions(app: App) -> api_pb2.ListSessionsResponse:
    """All windows in creation order, and the buried sessions. Sessions in their undo period are not listed."""
    response = api_pb2.ListSessionsResponse()
    for window in app.windows:
        _add_window(window, response.windows.add())
    for session in app.buried:
        response.buried_sessions.add(unique_identifier=session.guid, title=session.name)
    return response


def _add_window(window: Window, target: api_pb2.ListSessionsResponse.Window) -> None:
    target.window_id = window.window_id
    target.number = window.number
    _set_window_frame(window, target.frame)
    if window.selected is not None:
        target.selected_tab_id = str(window.selected.tab_id)
    for tab in window.tabs:
        _add_tab(tab, target.tabs.add())


def _set_window_frame(window: Window, frame: api_pb2.Frame) -> None:
    """Points, origin at the bottom left."""
    frame.origin.x, frame.origin.y = window.origin
    frame.size.width, frame.size.height = window.frame_size()


def _add_tab(tab: Tab, target: api_pb2.ListSessionsResponse.Tab) -> None:
    target.tab_id = str(tab.tab_id)
    target.tmux_window_id = "-1"  # always set, also where there is no tmux
    target.active_session_id = tab.active.guid
    if tab.maximized is None:
        _add_node(tab, tab.root, target.root)
        return
    target.root.vertical = False
    _add_session(tab, tab.maximized, target.root.links.add().session)
    for session in tab.sessions():
        if session is not tab.maximized:
            target.minimized_sessions.add(unique_identifier=session.guid, title=session.name)


def _add_node(tab: Tab, node: Split[Session], target: api_pb2.SplitTreeNode) -> None:
    target.vertical = node.vertical
    for child in node.children:
        link = target.links.add()
        if isinstance(child, Split):
            _add_node(tab, child, link.node)
        else:
            _add_session(tab, child, link.session)


def _add_session(tab: Tab, session: Session, target: api_pb2.SessionSummary) -> None:
    rect = session.rect
    target.unique_identifier = session.guid
    target.title = session.name
    target.grid_size.width, target.grid_size.height = rect.columns, rect.rows
    target.frame.origin.x = rect.x * CELL_WIDTH
    target.frame.origin.y = (tab.window.rows - rect.y - rect.rows) * CELL_HEIGHT
    target.frame.size.width, target.frame.size.height = rect.columns * CELL_WIDTH, rect.rows * CELL_HEIGHT


def focus(app: App) -> api_pb2.FocusResponse:
    """The state of the focus as a list of changes, in iTerm2's order."""
    response = api_pb2.FocusResponse()
    response.notifications.add(application_active=app.active)
    current = response.notifications.add().window
    window = app.current_window
    if window is None:
        current.window_status = FocusWindow.TERMINAL_WINDOW_RESIGNED_KEY
    else:
        current.window_status = (
            FocusWindow.TERMINAL_WINDOW_BECAME_KEY if app.active and app.key else FocusWindow.TERMINAL_WINDOW_IS_CURRENT
        )
        current.window_id = window.window_id
    for window in app.windows:
        if window.selected is not None:
            response.notifications.add(selected_tab=str(window.selected.tab_id))
        for tab in window.tabs:
            response.notifications.add(session=tab.active.guid)
    return response


def broadcast_domains(app: App) -> list[list[str]]:
    """The session ids of each domain."""
    return [[session.guid for session in domain] for domain in app.broadcast_domains]


def pane_number(tab: Tab, session: Session) -> int:
    """The place of a pane within its tab, from 0."""
    return next((index for index, pane in enumerate(split_tree.panes(tab.root)) if pane is session), 0)
