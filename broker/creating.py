"""The commands that make something: tabs, windows, panes, titles."""

import unicodedata

from broker import iterm2_create, iterm2_look
from broker.desk import Answer, Desk, check_one
from broker.listing import read_listing
from broker.model import Model
from bus.errors import Invalid, NoSuchSession
from bus.messages.commands import CreateTab, CreateWindow, SetTitle, SplitPane
from bus.messages.results import Created, Done


async def create_tab(desk: Desk, command: CreateTab, _payload: bytes) -> Answer:
    link = desk.keeper.require()
    window_id = command.window_id or _current_window(desk.model)
    tabs = next((len(window.tabs) for window in desk.model.listing.windows if window.window_id == window_id), None)
    if command.index is not None and tabs is not None and command.index > tabs:
        raise Invalid(f"the window has {tabs} tabs, so a new one has an index from 0 to {tabs}")
    made = await iterm2_create.create_tab(
        link,
        window_id=window_id,
        profile=command.profile,
        command=command.command,
        index=None if window_id is None else command.index,
        select=command.select,
    )
    desk.request_look()
    return Created(window_id=made.window_id, tab_id=made.tab_id, session_id=made.session_id), b""


async def create_window(desk: Desk, command: CreateWindow, _payload: bytes) -> Answer:
    link = desk.keeper.require()
    made = await iterm2_create.create_tab(link, window_id=None, profile=command.profile, command=command.command)
    desk.request_look()
    return Created(window_id=made.window_id, tab_id=made.tab_id, session_id=made.session_id), b""


async def split_pane(desk: Desk, command: SplitPane, _payload: bytes) -> Answer:
    link = desk.keeper.require()
    if any(pane.session_id == command.session_id for pane in desk.model.listing.buried):
        raise Invalid("a buried session cannot be split")
    session_id = await iterm2_create.split_pane(
        link,
        command.session_id,
        vertical=command.vertical,
        before=command.before,
        profile=command.profile,
        command=command.command,
    )
    desk.request_look()
    listing = read_listing(await iterm2_look.list_sessions(link))
    for window, tab in listing.tabs():
        if any(pane.session_id == session_id for pane in tab.root.panes()):
            return Created(window_id=window.window_id, tab_id=tab.tab_id, session_id=session_id), b""
    raise NoSuchSession("the new session has ended already")


async def set_title(desk: Desk, command: SetTitle, _payload: bytes) -> Answer:
    check_one(command)
    if "\\" in command.title or any(unicodedata.category(character) == "Cc" for character in command.title):
        raise Invalid("a title holds no backslash, which iTerm2 would evaluate, and no control characters")
    await iterm2_create.set_title(
        desk.keeper.require(),
        command.title,
        session_id=command.session_id,
        tab_id=command.tab_id,
        window_id=command.window_id,
    )
    return Done(), b""


def _current_window(model: Model) -> str | None:
    """Where a new tab goes when nobody says: the current window, any window, None for a new one."""
    windows = [window.window_id for window in model.listing.windows]
    if model.focus.window_id in windows:
        return model.focus.window_id
    return windows[0] if windows else None
