"""What each command on `broker.rpc` does: a table from its type to a small function."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

from broker import iterm2_act, iterm2_look
from broker.announcer import Announcer
from broker.attach import FOREIGN, History
from broker.attach_store import AttachStore
from broker.coprocess_command import CoprocessCommand
from broker.iterm2_keeper import Iterm2Keeper
from broker.iterm2_link import Link
from broker.looker import Looker
from broker.model import Model, SessionRecord
from broker.reconcile import cannot_attach
from broker.snapshot import Snapshots
from bus.errors import Busy, Invalid, NoSuchSession, NoSuchTab, NotAttached, TooLong, UnknownType
from bus.messages import (
    Activate,
    AnyCommand,
    AnyResult,
    Attach,
    Close,
    Command,
    ConfigResult,
    Created,
    CreateTab,
    DetachAll,
    Done,
    GetConfig,
    GetLayout,
    LayoutResult,
    Resize,
    SendText,
    Size,
    TakeSnapshot,
)

#: One SendText. iTerm2 takes any length and queues it without bound (sources/API/iTermAPIHelper.m:2405).
TEXT_BYTES = 1024 * 1024

#: What goes to iTerm2 at once, each answered before the next: characters.
_TEXT_PIECE = 16 * 1024

#: iTerm2 reads a tab id leniently: "7x" would be tab 7 (sources/API/iTermAPIHelper.m:2937).
_TAB_ID = re.compile(r"[0-9]{1,9}", re.ASCII)

Answer = tuple[AnyResult, bytes]


@dataclass(frozen=True, slots=True)
class Desk:
    """What commands work with."""

    model: Model
    keeper: Iterm2Keeper
    announcer: Announcer
    looker: Looker
    snapshots: Snapshots
    store: AttachStore
    command: CoprocessCommand
    request_look: Callable[[], None]
    #: One at a time types into a session, so that texts keep their order and stay in one piece.
    typing: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)


async def carry_out(desk: Desk, command: AnyCommand, payload: bytes) -> Answer:
    """The result of one command. Raises `RequestError` to refuse it."""
    handler = TABLE.get(type(command))
    if handler is None:
        raise UnknownType("the broker does not know this command; a session's worker may")
    return await handler(desk, command, payload)


async def get_layout(desk: Desk, _command: GetLayout, _payload: bytes) -> Answer:
    await desk.announcer.opened.wait()
    return LayoutResult(layout=desk.announcer.layout()), b""


async def get_config(desk: Desk, command: GetConfig, _payload: bytes) -> Answer:
    record = _record(desk, command.session_id)
    await desk.looker.read_configs(desk.keeper.require(), [command.session_id])
    if record.config is None:
        raise NoSuchSession("no session of this id")
    return ConfigResult(config=record.config), b""


async def take_snapshot(desk: Desk, command: TakeSnapshot, _payload: bytes) -> Answer:
    _record(desk, command.session_id)
    return await desk.snapshots.take(desk.keeper.require(), command.session_id, command.scrollback)


async def send_text(desk: Desk, command: SendText, payload: bytes) -> Answer:
    link = desk.keeper.require()
    if len(payload) > TEXT_BYTES:
        raise TooLong(f"one text is {TEXT_BYTES} bytes at most, and this one is {len(payload)}")
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid("a session without a coprocess takes UTF-8 text only") from None
    _record(desk, command.session_id)
    async with desk.typing.setdefault(command.session_id, asyncio.Lock()):
        for start in range(0, len(text), _TEXT_PIECE):
            await iterm2_act.send_text(link, command.session_id, text[start : start + _TEXT_PIECE])
    return Done(), b""


async def activate(desk: Desk, command: Activate, _payload: bytes) -> Answer:
    _check_one(command)
    await iterm2_act.activate(
        desk.keeper.require(),
        session_id=command.session_id,
        tab_id=command.tab_id,
        window_id=command.window_id,
    )
    desk.request_look()
    return Done(), b""


async def create_tab(desk: Desk, command: CreateTab, _payload: bytes) -> Answer:
    link = desk.keeper.require()
    window_id, tab_id, session_id = await iterm2_act.create_tab(
        link,
        window_id=command.window_id or _current_window(desk.model),
        profile=command.profile,
        command=command.command,
    )
    desk.request_look()
    return Created(window_id=window_id, tab_id=tab_id, session_id=session_id), b""


async def close(desk: Desk, command: Close, _payload: bytes) -> Answer:
    _check_one(command)
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
    _record(desk, command.session_id)
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
    record = _record(desk, command.session_id)
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


def _record(desk: Desk, session_id: str) -> SessionRecord:
    record = desk.model.sessions.get(session_id)
    if record is None:
        # Only for the sake of the reason: without iTerm2 no session is known.
        desk.keeper.require()
        raise NoSuchSession("no session of this id")
    return record


def _check_one(command: Activate | Close) -> None:
    """Exactly one id, and a tab id that iTerm2 cannot take for another."""
    ids = [name for name in (command.session_id, command.tab_id, command.window_id) if name is not None]
    if len(ids) != 1:
        raise Invalid("name exactly one of session_id, tab_id and window_id")
    if command.tab_id is not None and not _TAB_ID.fullmatch(command.tab_id):
        raise NoSuchTab("no tab of this id")


def _current_window(model: Model) -> str | None:
    """Where a new tab goes when nobody says: the current window, any window, None for a new one."""
    windows = [window.window_id for window in model.listing.windows]
    if model.focus.window_id in windows:
        return model.focus.window_id
    return windows[0] if windows else None


def _is_alone(model: Model, session_id: str) -> bool:
    tabs = ([pane.session_id for pane in tab.root.panes()] for _, tab in model.listing.tabs())
    return any(panes == [session_id] for panes in tabs)
