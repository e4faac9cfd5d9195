"""What commands on `broker.rpc` work with, and the checks that they share."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from broker.announcer import Announcer
from broker.attach_store import AttachStore
from broker.coprocess_command import CoprocessCommand
from broker.iterm2_keeper import Iterm2Keeper
from broker.looker import Looker
from broker.model import Model, SessionRecord
from broker.snapshot import Snapshots
from bus.errors import Invalid, NoSuchSession, NoSuchTab
from bus.messages.commands import Activate, Close, SetTitle
from bus.messages.results import AnyResult

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


def known_session(desk: Desk, session_id: str) -> SessionRecord:
    """What is known of a session. Raises `NoSuchSession`, `Iterm2Unavailable`."""
    record = desk.model.sessions.get(session_id)
    if record is None:
        # Only for the sake of the reason: without iTerm2 no session is known.
        desk.keeper.require()
        raise NoSuchSession("no session of this id")
    return record


def check_one(command: Activate | Close | SetTitle) -> None:
    """Exactly one id, and a tab id that iTerm2 cannot take for another."""
    ids = [name for name in (command.session_id, command.tab_id, command.window_id) if name is not None]
    if len(ids) != 1:
        raise Invalid("name exactly one of session_id, tab_id and window_id")
    if command.tab_id is not None and not _TAB_ID.fullmatch(command.tab_id):
        raise NoSuchTab("no tab of this id")
