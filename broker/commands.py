"""What each command on `broker.rpc` does: a table from its type to a small function."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from broker import iterm2_act, iterm2_look
from broker.attach import FOREIGN, History
from broker.creating import create_tab, create_window, set_title, split_pane
from broker.desk import Answer, Desk, check_one, known_session
from broker.iterm2_link import Link, Unanswered
from broker.model import Model
from broker.reconcile import cannot_attach
from bus.errors import Busy, Invalid, NoSuchSession, NotAttached, RequestTimeout, TooLong, UnknownType
from bus.messages.commands import (
    Activate,
    AnyCommand,
    Attach,
    Close,
    Command,
    CreateTab,
    CreateWindow,
    DetachAll,
    GetConfig,
    GetLayout,
    Resize,
    SendText,
    SetTitle,
    SplitPane,
    TakeSnapshot,
)
from bus.messages.results import ConfigResult, Done, LayoutResult, Size

#: One SendText. iTerm2 takes any length and queues it without bound (sources/API/iTermAPIHelper.m:2405).
TEXT_BYTES = 1024 * 1024

#: What goes to iTerm2 at once, each answered before the next: characters.
_TEXT_PIECE = 16 * 1024


async def carry_out(desk: Desk, command: AnyCommand, payload: bytes) -> Answer:
    """The result of one command. Raises `RequestError` to refuse it."""
    handler = TABLE.get(type(command))
    if handler is None:
        raise UnknownType("the broker does not know this command; a session's worker may")
    try:
        return await handler(desk, command, payload)
    except Unanswered:
        # A refusal would say that nothing was done, and the client might do it again.
        raise RequestTimeout("the connection to iTerm2 was lost before it answered: it may have been done") from None


async def get_layout(desk: Desk, _command: GetLayout, _payload: bytes) -> Answer:
    await desk.announcer.opened.wait()
    return LayoutResult(layout=desk.announcer.layout()), b""


async def get_config(desk: Desk, command: GetConfig, _payload: bytes) -> Answer:
    record = known_session(desk, command.session_id)
    await desk.looker.read_configs(desk.keeper.require(), [command.session_id])
    if record.config is None:
        raise NoSuchSession("no session of this id")
    return ConfigResult(config=record.config), b""


async def take_snapshot(desk: Desk, command: TakeSnapshot, _payload: bytes) -> Answer:
    known_session(desk, command.session_id)
    return await desk.snapshots.take(desk.keeper.require(), command.session_id, command.scrollback)


async def send_text(desk: Desk, command: SendText, payload: bytes) -> Answer:
    link = desk.keeper.require()
    if len(payload) > TEXT_BYTES:
        raise TooLong(f"one text is {TEXT_BYTES} bytes at most, and this one is {len(payload)}")
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid("a session without a coprocess takes UTF-8 text only") from None
    known_session(desk, command.session_id)
    async with desk.typing.setdefault(command.session_id, asyncio.Lock()):
        for start in range(0, len(text), _TEXT_PIECE):
            await iterm2_act.send_text(link, command.session_id, text[start : start + _TEXT_PIECE])
    return Done(), b""


async def activate(desk: Desk, command: Activate, _payload: bytes) -> Answer:
    check_one(command)
    await iterm2_act.activate(
        desk.keeper.require(),
        session_id=command.session_id,
        tab_id=command.tab_id,
        window_id=command.window_id,
    )
    desk.request_look()
    return Done(), b""


async def close(desk: Desk, command: Close, _payload: bytes) -> Answer:
    check_one(command)
    closed = await iterm2_act.close(
        desk.keeper.require(),
        session_id=command.session_id,
        tab_id=command.tab_id,
        window_id=command.window_id,
        force=command.force,
    )
    desk.request_look()
    if not closed:
        raise Busy("iTerm2 asked its user, who kept it open")
    return Done(), b""


async def resize(desk: Desk, command: Resize, _payload: bytes) -> Answer:
    link = desk.keeper.require()
    known_session(desk, command.session_id)
    if not _is_alone(desk.model, command.session_id):
        raise Invalid("only a session that has its tab to itself can be resized")
    if not await iterm2_act.set_grid_size(link, command.session_id, command.columns, command.rows):
        raise Busy("its window cannot change its size now: it is full screen, or replaying, or the session is buried")
    # iTerm2 fits the window to the screen and says OK all the same.
    names = ("columns", "rows")
    values = await iterm2_look.get_variables(link, command.session_id, names)
    columns, rows = (values.get(name) for name in names)
    if not isinstance(columns, int) or not isinstance(rows, int):
        raise NoSuchSession("the session has no size: it is gone")
    return Size(columns=columns, rows=rows), b""


async def attach(desk: Desk, command: Attach, _payload: bytes) -> Answer:
    desk.keeper.require()
    record = known_session(desk, command.session_id)
    if desk.model.detaching:
        raise Busy("itermbus is being stopped")
    never = cannot_attach(record)
    if never is not None:
        raise NotAttached(f"this session cannot be attached: {never}")
    if record.reason == FOREIGN:
        raise Busy(f"{FOREIGN} in this session, and itermbus leaves it alone")
    record.history = History()
    desk.store.save(desk.model.histories())
    desk.request_look()
    return Done(), b""


async def detach_all(desk: Desk, _command: DetachAll, _payload: bytes) -> Answer:
    desk.model.detaching = True
    desk.announcer.changed()
    link = desk.keeper.require()
    found = await desk.looker.coprocesses(link, desk.model.listing.session_ids())
    ours = [session_id for session_id, command in found.items() if command and desk.command.is_ours(command)]
    await asyncio.gather(*(_stop(link, session_id) for session_id in ours))
    return Done(), b""


#: A command's type -> what it does.
TABLE: dict[type[Command], Callable[[Desk, Any, bytes], Awaitable[Answer]]] = {
    GetLayout: get_layout,
    GetConfig: get_config,
    TakeSnapshot: take_snapshot,
    SendText: send_text,
    Activate: activate,
    CreateTab: create_tab,
    CreateWindow: create_window,
    SplitPane: split_pane,
    SetTitle: set_title,
    Close: close,
    Resize: resize,
    Attach: attach,
    DetachAll: detach_all,
}


async def _stop(link: Link, session_id: str) -> None:
    try:
        await iterm2_act.stop_coprocess(link, session_id)
    except NoSuchSession:
        return


def _is_alone(model: Model, session_id: str) -> bool:
    tabs = ([pane.session_id for pane in tab.root.panes()] for _, tab in model.listing.tabs())
    return any(panes == [session_id] for panes in tabs)
