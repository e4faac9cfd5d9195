"""Dialect 1 of the gateway's contract: what its lines hold, each way. Pure.

Messages are declared once, as records. Output lines are ASCII, 64 KiB at most.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from bus.errors import RequestError, UnknownType
from bus.messages.events import Config
from workers.gateway import wire
from workers.gateway.layout import LayoutIndex
from workers.gateway.lines import TooLongLine
from workers.gateway.wire import OUTPUT_LINE_BYTES, Colour, Identifier, quoted


class Request(Struct, frozen=True, kw_only=True, tag_field="type"):
    """A line from the client. Keys that are not declared are ignored."""


class TerminalInput(Request, frozen=True, kw_only=True, tag="terminal_input"):
    """Writes `data` to the session as if typed."""

    session_id: Identifier
    data: bytes


class TerminalResize(Request, frozen=True, kw_only=True, tag="terminal_resize"):
    """Asks for a size in cells; what comes of it is configured."""

    session_id: Identifier
    cols: Annotated[int, Meta(ge=1, le=10_000)]
    rows: Annotated[int, Meta(ge=1, le=10_000)]


class TabSwitch(Request, frozen=True, kw_only=True, tag="tab_switch"):
    """Selects a tab; `tab_id` may be the id of a session in it."""

    tab_id: Identifier


class TabCreate(Request, frozen=True, kw_only=True, tag="tab_create"):
    """A new tab in the current window."""


class TabClose(Request, frozen=True, kw_only=True, tag="tab_close"):
    """Closes a tab without a prompt."""

    tab_id: Identifier


class RequestScreenRefresh(Request, frozen=True, kw_only=True, tag="request_screen_refresh"):
    """A repaint of one session, the active one when none is named."""

    session_id: Identifier | None = None


class ResendInitialState(Request, frozen=True, kw_only=True, tag="resend_initial_state"):
    """The whole start sequence again."""


#: `type` -> the record of its keys.
REQUESTS: dict[str, type[Request]] = {
    "terminal_input": TerminalInput,
    "terminal_resize": TerminalResize,
    "tab_switch": TabSwitch,
    "tab_create": TabCreate,
    "tab_close": TabClose,
    "request_screen_refresh": RequestScreenRefresh,
    "resend_initial_state": ResendInitialState,
}

_decoders = {name: msgspec.json.Decoder(cls) for name, cls in REQUESTS.items()}


def parse(line: bytes | TooLongLine) -> Request:
    """The request that a line holds. Raises `RequestError` with what is wrong and where."""
    name = wire.type_of(line)
    assert isinstance(line, bytes)
    if name not in REQUESTS:
        raise UnknownType(f"unknown type {quoted(name)}; known are {', '.join(REQUESTS)}")
    return wire.decode(_decoders[name], line, name)


# --- to the client -------------------------------------------------------------------------------------------------


class Message(Struct, frozen=True, kw_only=True, tag_field="type"):
    """A line to the client."""


class ListedSession(Struct, frozen=True, kw_only=True):
    session_id: str
    tab_id: str
    title: str
    is_active: bool


class Sessions(Message, frozen=True, kw_only=True, tag="sessions"):
    """All sessions, in the order of windows, tabs and panes."""

    sessions: tuple[ListedSession, ...]


class InitialTerminalData(Message, frozen=True, kw_only=True, tag="initial_terminal_data"):
    """A repaint of a screen, or the first part of a long one, starting with a clear."""

    session_id: str
    data: bytes


class TerminalData(Message, frozen=True, kw_only=True, tag="terminal_data"):
    """Output of a session."""

    session_id: str
    data: bytes


class TabSwitched(Message, frozen=True, kw_only=True, tag="tab_switched"):
    tab_id: str
    session_id: str


class ConfigLine(Message, frozen=True, kw_only=True, tag="config", rename="camel"):
    """The profile of the session that is shown, in the spelling that the client knows."""

    font: str
    cursor_type: Literal["CURSOR_TYPE_BLOCK", "CURSOR_TYPE_UNDERLINE", "CURSOR_TYPE_VERTICAL"]
    cursor_blink: bool
    scrollback: Annotated[int, Meta(ge=0)]
    foreground: Colour
    background: Colour
    cursor: Colour
    selection_color: Colour
    ansi_colors: Annotated[tuple[Colour, ...], Meta(min_length=16, max_length=16)]


class Ready(Message, frozen=True, kw_only=True, tag="ready"):
    """The start sequence is complete."""


class Error(Message, frozen=True, kw_only=True, tag="error"):
    """Something was refused, or could not be had."""

    code: str
    message: str


#: What may be sent.
MESSAGES: tuple[type[Message], ...] = (
    Sessions,
    InitialTerminalData,
    TerminalData,
    TabSwitched,
    ConfigLine,
    Ready,
    Error,
)

READY = wire.line(Ready())

#: Titles that a `sessions` line holds at most, in characters, so that many sessions fit one line.
_TITLE_CHARACTERS = 256


def sessions(index: LayoutIndex) -> bytes:
    """The `sessions` line. Titles are cut, shorter and shorter, until the line fits."""
    active = index.active_session_id
    limit = _TITLE_CHARACTERS
    while True:
        listed = tuple(
            ListedSession(
                session_id=place.session.session_id,
                tab_id=place.tab_id,
                title=place.session.title[:limit],
                is_active=place.session.session_id == active,
            )
            for place in index.places.values()
        )
        line = wire.line(Sessions(sessions=listed))
        if len(line) <= OUTPUT_LINE_BYTES or limit == 0:
            return line
        limit //= 2


def tab_switched(tab_id: str, session_id: str) -> bytes:
    return wire.line(TabSwitched(tab_id=tab_id, session_id=session_id))


def config(values: Config) -> bytes:
    """The `config` line."""
    return wire.line(ConfigLine(**msgspec.structs.asdict(values)))


def error(problem: RequestError) -> bytes:
    """The `error` line. The one place where an exception becomes a message of this dialect."""
    return wire.line(Error(code=problem.code, message=str(problem)))


def terminal_data(session_id: str, data: bytes) -> bytes:
    """One line of output; `data` is `DATA_BYTES` at most."""
    return wire.data_line(f'{{"type":"terminal_data","session_id":"{session_id}","data":"', data)


def initial_terminal_data(session_id: str, data: bytes) -> bytes:
    """One line with a repaint, or with the first part of a long one."""
    return wire.data_line(f'{{"type":"initial_terminal_data","session_id":"{session_id}","data":"', data)
