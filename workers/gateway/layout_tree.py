"""The broker's layout as dialect 2 tells it, and what of it changed. Pure."""

import json
from collections.abc import Iterator

import msgspec

from bus.messages.layout import Session, Split, Tab
from workers.gateway.dialect2_messages import (
    Focus,
    LayoutTree,
    SessionChanged,
    SessionLeaf,
    SplitNode,
    TabNode,
    WindowNode,
)
from workers.gateway.layout import LayoutIndex

#: A part of a layout in one line, in bytes of JSON: what is left of a line by the other keys of `welcome`.
_PART_BYTES = 56 * 1024

#: Texts in a layout, in characters; cut further where a tab would not fit a line.
_TEXT_CHARACTERS = 256

#: What is told of no layout yet.
NOTHING = LayoutTree(
    windows=(), active_window_id=None, active_tab_id=None, active_session_id=None, application_active=False
)


def layout_trees(index: LayoutIndex | None) -> list[LayoutTree]:
    """A layout, in as many parts as lines need: each but the last says `more`."""
    if index is None:
        return [NOTHING]
    parts: list[list[WindowNode]] = [[]]
    room = _PART_BYTES
    for window in index.layout.windows:
        head = WindowNode(window_id=window.window_id, selected_tab_id=window.selected_tab_id, tabs=())
        parts[-1].append(head)
        room -= _size(head)
        for tab in map(_tab, window.tabs):
            size = _size(tab)
            if size > room:
                parts.append([head])
                room = _PART_BYTES - _size(head)
            last = parts[-1][-1]
            parts[-1][-1] = msgspec.structs.replace(last, tabs=(*last.tabs, tab))
            room -= size
    told = focus(index)
    buried = tuple(_leaf(session, _TEXT_CHARACTERS) for session in index.layout.buried)
    if parts[-1] and sum(map(_size, buried)) > room:
        parts.append([])
    return [
        LayoutTree(
            windows=tuple(windows),
            active_window_id=told.window_id,
            active_tab_id=told.tab_id,
            active_session_id=told.session_id,
            application_active=told.application_active,
            buried=buried if number == len(parts) else (),
            more=number < len(parts),
        )
        for number, windows in enumerate(parts, 1)
    ]


def shape(index: LayoutIndex) -> object:
    """What of a layout is told by a new `layout`; the rest is told by `session` and `focus`."""
    buried = [session.session_id for session in index.layout.buried]
    return buried, [
        (
            window.window_id,
            window.selected_tab_id,
            [(tab.tab_id, tab.active_session_id, _shape(tab.root)) for tab in window.tabs],
        )
        for window in index.layout.windows
    ]


def focus(index: LayoutIndex) -> Focus:
    """Where the user types."""
    tab = index.active_tab
    return Focus(
        application_active=index.layout.application_active,
        window_id=index.layout.active_window_id,
        tab_id=None if tab is None else tab.tab_id,
        session_id=index.active_session_id,
    )


def changes(before: LayoutIndex, after: LayoutIndex) -> Iterator[SessionChanged]:
    """What changed of the sessions that were there before and are there now."""
    for session_id, session in after.sessions.items():
        old = before.sessions.get(session_id)
        if old is None or old == session:
            continue
        was, now = (msgspec.structs.asdict(_leaf(each, _TEXT_CHARACTERS)) for each in (old, session))
        changed = {key: value for key, value in now.items() if value != was[key]}
        if changed:
            yield SessionChanged(session_id=session_id, **changed)


def _shape(node: Split | Session) -> object:
    if isinstance(node, Session):
        return node.session_id
    return (node.vertical, [_shape(child) for child in node.children])


def _tab(tab: Tab) -> TabNode:
    """A tab whose texts are cut, shorter and shorter, until it fits a line."""
    characters = _TEXT_CHARACTERS
    while True:
        root = _node(tab.root, characters)
        assert isinstance(root, SplitNode)
        told = TabNode(tab_id=tab.tab_id, active_session_id=tab.active_session_id, root=root)
        if characters == 0 or _size(told) <= _PART_BYTES - 1024:
            return told
        characters //= 2


def _node(node: Split | Session, characters: int) -> SplitNode | SessionLeaf:
    if isinstance(node, Session):
        return _leaf(node, characters)
    return SplitNode(vertical=node.vertical, children=tuple(_node(child, characters) for child in node.children))


def _leaf(session: Session, characters: int) -> SessionLeaf:
    def cut(text: str | None) -> str | None:
        return None if text is None else text[:characters]

    return SessionLeaf(
        session_id=session.session_id,
        title=session.title[:characters],
        columns=session.columns,
        rows=session.rows,
        attached=session.attached,
        reason=cut(session.reason),
        path=cut(session.path),
        job=cut(session.job),
    )


def _size(message: msgspec.Struct) -> int:
    return len(json.dumps(msgspec.to_builtins(message), separators=(",", ":")))
