"""What the broker makes on command: tabs, windows, panes and their names."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from broker import commands, iterm2_look
from broker.desk import Answer, Desk
from broker.iterm2_link import Link, Unanswered, rpc
from bus.errors import Invalid, NoSuchSession, NoSuchTab, NoSuchWindow, RequestError, RequestTimeout
from bus.messages.commands import AnyCommand, Close, CreateTab, CreateWindow, SetTitle, SplitPane
from bus.messages.layout import Layout, Session, Split
from bus.messages.results import Created, Done
from tests.broker.system import System
from tests.support import wait_until

NOBODY = "00000000-0000-4000-8000-000000000000"


def wait_layout(system: System, condition: Callable[[Layout], object], what: str) -> None:
    wait_until(lambda: condition(system.layout()), what)


def tab_ids(layout: Layout, window_id: str) -> list[str]:
    return [tab.tab_id for window in layout.windows if window.window_id == window_id for tab in window.tabs]


def root(layout: Layout, tab_id: str) -> Split | None:
    return next((tab.root for window in layout.windows for tab in window.tabs if tab.tab_id == tab_id), None)


def command_of(system: System, session_id: str) -> object:
    keys = ("Custom Command", "Command")
    profile = system.as_user(lambda link: iterm2_look.get_profile(link, session_id, keys))
    return profile["Custom Command"] == "Yes" and profile["Command"]


def test_a_window_runs_a_command(system: System) -> None:
    created = system.call(CreateWindow(command="/bin/cat -u"), Created)
    wait_layout(system, lambda now: tab_ids(now, created.window_id) == [created.tab_id], "the window")
    assert command_of(system, created.session_id) == "/bin/cat -u"
    system.wait_attached(created.session_id)
    system.call(Close(window_id=created.window_id, force=True), Done)
    wait_layout(system, lambda now: not tab_ids(now, created.window_id), "the window to be gone")


def test_a_tab_gets_its_place_in_its_window_and_may_open_in_the_background(system: System) -> None:
    first = system.call(CreateWindow(), Created)
    window_id = first.window_id
    second = system.call(CreateTab(window_id=window_id, index=0, select=False, profile="Default"), Created)
    wait_layout(system, lambda now: tab_ids(now, window_id) == [second.tab_id, first.tab_id], "the tab to be the first")
    (window,) = (window for window in system.layout().windows if window.window_id == window_id)
    assert window.selected_tab_id == first.tab_id
    with pytest.raises(Invalid, match="2 tabs"):
        system.call(CreateTab(window_id=window_id, index=3), Created)
    assert len(tab_ids(system.layout(), window_id)) == 2
    system.call(Close(window_id=window_id, force=True), Done)


@pytest.mark.parametrize("vertical", [True, False])
@pytest.mark.parametrize("before", [True, False])
def test_a_split_is_where_it_was_asked_for(system: System, vertical: bool, before: bool) -> None:
    old = system.call(CreateWindow(), Created)
    new = system.call(
        SplitPane(session_id=old.session_id, vertical=vertical, before=before, command="/bin/cat"), Created
    )
    assert (new.window_id, new.tab_id) == (old.window_id, old.tab_id)
    wanted = [new.session_id, old.session_id] if before else [old.session_id, new.session_id]

    def is_there(now: Layout) -> bool:
        split = root(now, old.tab_id)
        panes = [] if split is None else [child.session_id for child in split.children if isinstance(child, Session)]
        return split is not None and split.vertical is vertical and panes == wanted

    wait_layout(system, is_there, "the split")
    assert command_of(system, new.session_id) == "/bin/cat"
    system.wait_attached(new.session_id)
    system.call(Close(window_id=old.window_id, force=True), Done)


def test_what_is_too_small_is_not_split(system: System) -> None:
    created = system.call(CreateWindow(), Created)

    def split_to_the_end() -> None:
        for _ in range(60):
            system.call(SplitPane(session_id=created.session_id, vertical=True), Created)

    with pytest.raises(Invalid, match="too small"):
        split_to_the_end()
    system.call(Close(window_id=created.window_id, force=True), Done)


@pytest.mark.parametrize("title", ["Grüße 世界", 'it\'s "quoted" $HOME; (1)', "100% {x}"])
def test_names_are_given_as_they_are(system: System, title: str) -> None:
    created = system.call(CreateWindow(), Created)
    system.call(SetTitle(session_id=created.session_id, title=title), Done)
    wait_until(lambda: title in getattr(system.sessions().get(created.session_id), "title", ""), "the session's title")
    for kind, command in (
        ("tab", SetTitle(tab_id=created.tab_id, title=title)),
        ("window", SetTitle(window_id=created.window_id, title=title)),
    ):
        system.call(command, Done)
        assert system.as_user(lambda link, of=kind: title_of(link, created, of)) == title
    system.call(Close(window_id=created.window_id, force=True), Done)


async def title_of(link: Link, created: Created, kind: str) -> object:
    ids = {"tab_id": created.tab_id} if kind == "tab" else {"window_id": created.window_id}

    def ask(connection: Any) -> Any:
        return rpc.async_variable(connection, gets=["titleOverride"], **ids)

    answer = await link.ask(ask)
    return json.loads(answer.variable_response.values[0])


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (CreateTab(window_id="pty-nowhere"), NoSuchWindow),
        (CreateTab(profile="no such profile"), Invalid),
        (CreateWindow(profile="no such profile"), Invalid),
        (SplitPane(session_id=NOBODY), NoSuchSession),
        (SetTitle(session_id=NOBODY, title="x"), NoSuchSession),
        (SetTitle(tab_id="999", title="x"), NoSuchTab),
        (SetTitle(tab_id="1x", title="x"), NoSuchTab),
        (SetTitle(window_id="pty-nowhere", title="x"), NoSuchWindow),
        (SetTitle(title="x"), Invalid),
        (SetTitle(tab_id="1", window_id="pty-nowhere", title="x"), Invalid),
        (SetTitle(tab_id="1", title="\\(iterm2.pid)"), Invalid),
        (SetTitle(tab_id="1", title="a\nb"), Invalid),
    ],
)
def test_what_cannot_be_made_is_refused_by_name(system: System, command: AnyCommand, error: type[RequestError]) -> None:
    with pytest.raises(error):
        system.call(command, Done)


def test_a_profile_that_is_not_there_is_refused_for_a_split_too(system: System) -> None:
    session_id = next(iter(system.sessions()))
    with pytest.raises(Invalid, match="profile"):
        system.call(SplitPane(session_id=session_id, profile="no such profile"), Created)


def test_a_command_whose_answer_was_lost_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have been carried out, and its sender must not be told that it was not."""

    async def lose(_desk: Desk, _command: AnyCommand, _payload: bytes) -> Answer:
        raise Unanswered("the connection to iTerm2 was lost")

    monkeypatch.setitem(commands.TABLE, CreateWindow, lose)
    with pytest.raises(RequestTimeout, match="may have been done"):
        asyncio.run(commands.carry_out(None, CreateWindow(), b""))  # type: ignore[arg-type]
