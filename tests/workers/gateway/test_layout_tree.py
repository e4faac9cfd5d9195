"""Layouts of any size fit lines, and what changed is told once."""

import json

import msgspec

from bus.messages.layout import Iterm2Status, Layout, Session, Split, Tab, Window
from workers.gateway import layout_tree
from workers.gateway.layout import LayoutIndex


def _id(number: int) -> str:
    return f"0A1B2C3D-0000-4000-8000-{number:012X}"


def _index(sessions: list[Session], *, tab: str = "1") -> LayoutIndex:
    tabs = tuple(
        Tab(tab_id=str(number), root=Split(vertical=False, children=(session,)), active_session_id=session.session_id)
        for number, session in enumerate(sessions, 1)
    )
    window = Window(window_id="w", number=0, tabs=tabs, selected_tab_id=tab)
    status = Iterm2Status(state="connected")
    return LayoutIndex(Layout(broker="b", revision=1, iterm2=status, windows=(window,), active_window_id="w"))


def _session(number: int, title: str = "t") -> Session:
    return Session(session_id=_id(number), title=title, columns=80, rows=25)


def test_a_large_layout_comes_in_parts_that_fit_and_have_all() -> None:
    index = _index([_session(number, "漢" * 256) for number in range(300)])
    parts = layout_tree.layout_trees(index)
    assert [part.more for part in parts] == [True] * (len(parts) - 1) + [False]
    assert all(len(json.dumps(msgspec.to_builtins(part))) < 62_000 for part in parts)
    tabs = [tab.tab_id for part in parts for window in part.windows for tab in window.tabs]
    assert tabs == [str(number) for number in range(1, 301)]


def test_what_changed_is_told_and_nothing_else() -> None:
    before, after = _index([_session(1), _session(2)]), _index([_session(1, "new"), _session(2)], tab="2")
    [change] = layout_tree.changes(before, after)
    assert msgspec.to_builtins(change) == {"type": "session", "session_id": _id(1), "title": "new"}
    assert layout_tree.shape(before) != layout_tree.shape(after)
    assert layout_tree.focus(after).session_id == _id(2)
    assert layout_tree.shape(after) == layout_tree.shape(_index([_session(1), _session(2)], tab="2"))
