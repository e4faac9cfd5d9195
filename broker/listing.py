"""iTerm2's lists of sessions and its words about focus -> values. Pure.

The messages are read by their attributes, so nothing of the `iterm2` package is needed here. Fields that older
releases of the package do not know count as unset.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from broker.model import Focus, ListedTab, ListedWindow, Listing, Node, Pane
from bus import topics

#: FocusChangedNotification.Window.window_status: no terminal window is key (proto/api.proto).
_RESIGNED_KEY = 2


def read_listing(response: Any) -> Listing:
    """A ListSessionsResponse as a value.

    What is no session id by our strict pattern is left out: ids become paths and process names. A window without
    tabs is listed by iTerm2 and kept out here, as the package does (iterm2/app.py:376).
    """
    windows = tuple(_window(window) for window in response.windows)
    return Listing(
        windows=tuple(window for window in windows if window.tabs),
        buried=tuple(_panes(response.buried_sessions)),
    )


def prune(listing: Listing, keep: frozenset[str]) -> Listing:
    """`listing` without the sessions that are not in `keep`, and without the tabs and windows that this empties."""
    windows = []
    for window in listing.windows:
        tabs = ((tab, _prune_node(tab.root, keep)) for tab in window.tabs)
        left = tuple(replace(tab, root=root) for tab, root in tabs if root is not None)
        if left:
            windows.append(replace(window, tabs=left))
    return Listing(tuple(windows), tuple(pane for pane in listing.buried if pane.session_id in keep))


def _prune_node(node: Node, keep: frozenset[str]) -> Node | None:
    children: list[Node | Pane] = []
    for child in node.children:
        if isinstance(child, Pane):
            children += [child] if child.session_id in keep else []
        else:
            pruned = _prune_node(child, keep)
            children += [] if pruned is None else [pruned]
    return Node(node.vertical, tuple(children)) if children else None


def _window(window: Any) -> ListedWindow:
    tabs = tuple(_tab(tab) for tab in window.tabs)
    return ListedWindow(
        window_id=window.window_id,
        number=max(window.number, 0),
        tabs=tuple(tab for tab in tabs if any(tab.root.panes())),
        selected_tab_id=getattr(window, "selected_tab_id", None) or None,
    )


def _tab(tab: Any) -> ListedTab:
    """One tab. The panes that a maximised one hides, and floating ones, stand outside iTerm2's tree: here they are
    its last children, since a session that can be read and typed into must not vanish from its tab."""
    root = _node(tab.root)
    others = [*_panes(tab.minimized_sessions), *_panes(pane.session for pane in getattr(tab, "floating_panes", ()))]
    listed = {pane.session_id for pane in root.panes()}
    extra = tuple(pane for pane in others if pane.session_id not in listed)
    return ListedTab(
        tab_id=tab.tab_id,
        root=Node(root.vertical, root.children + extra),
        active_session_id=getattr(tab, "active_session_id", None) or None,
    )


def _node(node: Any) -> Node:
    children: list[Node | Pane] = []
    for link in node.links:
        if link.HasField("node"):
            children.append(_node(link.node))
        else:
            children.extend(_panes([link.session]))
    return Node(node.vertical, tuple(children))


def _panes(summaries: Iterable[Any]) -> Iterable[Pane]:
    for summary in summaries:
        if topics.is_session_id(summary.unique_identifier):
            sized = summary.HasField("grid_size")
            yield Pane(
                session_id=summary.unique_identifier,
                title=summary.title,
                columns=summary.grid_size.width if sized else None,
                rows=summary.grid_size.height if sized else None,
            )


def read_focus(response: Any, listing: Listing) -> Focus:
    """A FocusResponse as a value: a list of the same words that a change is told in
    (iTerm2 sources/API/iTermAPIHelper.m:3264)."""
    focus = Focus()
    for word in response.notifications:
        focus = apply_focus(focus, word, listing) or focus
    return focus


def apply_focus(focus: Focus, word: Any, listing: Listing) -> Focus | None:
    """`focus` after one FocusChangedNotification; None when it names what `listing` does not hold, so that only a
    fresh look can tell."""
    which = word.WhichOneof("event")
    if which == "application_active":
        return replace(focus, application_active=word.application_active)
    if which == "window":
        return _apply_window(focus, word.window, listing)
    if which == "selected_tab":
        window_id = listing.window_of_tab.get(word.selected_tab)
        return None if window_id is None else replace(focus, tabs={**focus.tabs, window_id: word.selected_tab})
    if which == "session":
        tab_id = listing.tab_of_session.get(word.session)
        return None if tab_id is None else replace(focus, sessions={**focus.sessions, tab_id: word.session})
    return focus


def _apply_window(focus: Focus, window: Any, listing: Listing) -> Focus | None:
    """A terminal window that resigned key stays the current one, as iTerm2's own "current window" does."""
    if window.window_status == _RESIGNED_KEY:
        return focus
    if all(listed.window_id != window.window_id for listed in listing.windows):
        return None
    return replace(focus, window_id=window.window_id)
