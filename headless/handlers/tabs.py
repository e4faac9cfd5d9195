"""ReorderTabs and SetTabLayout."""

from iterm2 import api_pb2

from headless import activation, ending
from headless.handlers.call import Call
from headless.model import Tab, Window
from headless.session import Session
from headless.sizing import relayout, resize_window
from headless.split_tree import DIVIDER, Split

_Reorder = api_pb2.ReorderTabsResponse
_Layout = api_pb2.SetTabLayoutResponse


def reorder_tabs(call: Call, request: api_pb2.ReorderTabsRequest, response: api_pb2.ReorderTabsResponse) -> None:
    """Gives windows their tabs in an order; tabs may change windows. A tab named twice makes it invalid."""
    app = call.host.app
    seen: set[str] = set()
    plan: list[tuple[Window, list[Tab]]] = []
    for assignment in request.assignments:
        window = app.window(assignment.window_id)
        if window is None:
            response.status = _Reorder.INVALID_WINDOW_ID
            return
        tabs = [app.tab(tab_id) for tab_id in assignment.tab_ids]
        known = [tab for tab in tabs if tab is not None]
        if len(known) != len(tabs):
            response.status = _Reorder.INVALID_TAB_ID
            return
        if seen & set(assignment.tab_ids) or len(set(assignment.tab_ids)) != len(assignment.tab_ids):
            response.status = _Reorder.INVALID_ASSIGNMENT
            return
        seen.update(assignment.tab_ids)
        plan.append((window, known))
    response.status = _Reorder.OK
    for window, tabs_in_order in plan:
        for index, tab in enumerate(tabs_in_order):
            move_tab(call, tab, window, index)
    call.host.events.layout_changed()


def move_tab(call: Call, tab: Tab, window: Window, index: int) -> None:
    """Puts a tab at a place in a window; the window it leaves goes when it was the last one."""
    old = tab.window
    if old is window:
        old.tabs.remove(tab)
        window.tabs.insert(index, tab)
        return
    ending.remove_tab(call.host, tab)
    tab.window = window
    window.tabs.insert(index, tab)
    relayout(call.host, tab)
    activation.select_tab(call.host, tab)


def set_tab_layout(call: Call, request: api_pb2.SetTabLayoutRequest, response: api_pb2.SetTabLayoutResponse) -> None:
    """Sets the sizes of a tab's panes; the tree must be the tab's own, only its grid sizes may differ."""
    tab = call.host.app.tab(request.tab_id)
    if tab is None:
        response.status = _Layout.BAD_TAB_ID
        return
    if not _same_shape(tab.root, request.root):
        response.status = _Layout.WRONG_TREE
        return
    columns, rows = _measure(request.root)
    if columns <= 0 or rows <= 0:
        response.status = _Layout.INVALID_SIZE
        return
    _apply_weights(tab.root, request.root)
    response.status = _Layout.OK
    resize_window(call.host, tab.window, columns, rows)


def _same_shape(own: Split[Session], wanted: api_pb2.SplitTreeNode) -> bool:
    if len(own.children) != len(wanted.links) or (len(own.children) > 1 and own.vertical != wanted.vertical):
        return False
    for child, link in zip(own.children, wanted.links, strict=True):
        if isinstance(child, Split):
            if link.WhichOneof("child") != "node" or not _same_shape(child, link.node):
                return False
        elif link.session.unique_identifier != child.guid:
            return False
    return True


def _measure(node: api_pb2.SplitTreeNode) -> tuple[int, int]:
    """Columns and rows that a tree of grid sizes needs; not positive if a size is missing."""
    sizes = [
        _measure(link.node)
        if link.WhichOneof("child") == "node"
        else (link.session.grid_size.width, link.session.grid_size.height)
        for link in node.links
    ]
    if not sizes or min(min(size) for size in sizes) <= 0:
        return 0, 0
    gaps = DIVIDER * (len(sizes) - 1)
    if node.vertical:
        return sum(size[0] for size in sizes) + gaps, max(size[1] for size in sizes)
    return max(size[0] for size in sizes), sum(size[1] for size in sizes) + gaps


def _apply_weights(own: Split[Session], wanted: api_pb2.SplitTreeNode) -> None:
    for index, (child, link) in enumerate(zip(own.children, wanted.links, strict=True)):
        if isinstance(child, Split):
            size = _measure(link.node)
            _apply_weights(child, link.node)
        else:
            size = (link.session.grid_size.width, link.session.grid_size.height)
        own.weights[index] = float(size[0] if own.vertical else size[1])
