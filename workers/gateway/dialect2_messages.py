"""Dialect 2 of the gateway's contract: the messages to a client, declared once. Pure."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from bus.limits import CREDIT_BYTES, LEASE_SECONDS_MOST, REQUESTS_PER_CLIENT, SCROLLBACK_LINES
from bus.messages.fields import Cells, Count, Epoch, MarkState
from bus.messages.results import Modes
from workers.gateway import wire
from workers.gateway.dialect2 import VERSION, RequestId
from workers.gateway.lines import LINE_BYTES
from workers.gateway.wire import Colour

#: Terminal bytes in one `data`: small, because a line that is partly sent has to be sent to its end before a client
#: that is behind can be given anything newer.
PIECE_BYTES = 12 * 1024


class Message(Struct, frozen=True, kw_only=True, tag_field="type"):
    """A line to the client."""


# --- what there is --------------------------------------------------------------------------------------------------


class SessionLeaf(Struct, frozen=True, kw_only=True, tag_field="kind", tag="session"):
    """A pane. `reason` says why a session is not attached."""

    session_id: str
    title: str
    columns: Cells
    rows: Cells
    attached: bool
    reason: str | None
    path: str | None
    job: str | None


class SplitNode(Struct, frozen=True, kw_only=True, tag_field="kind", tag="split"):
    """`vertical`: the dividers are, so the panes stand side by side."""

    vertical: bool
    children: tuple["SplitNode | SessionLeaf", ...]


class TabNode(Struct, frozen=True, kw_only=True):
    tab_id: str
    active_session_id: str | None
    root: SplitNode


class WindowNode(Struct, frozen=True, kw_only=True):
    window_id: str
    selected_tab_id: str | None
    tabs: tuple[TabNode, ...]


class LayoutTree(Struct, frozen=True, kw_only=True):
    """Windows, tabs and panes; `buried` sessions are in none.

    `more`: the next `layout` continues this one, its first window perhaps with more tabs of the last one here.
    """

    windows: tuple[WindowNode, ...]
    active_window_id: str | None
    active_tab_id: str | None
    active_session_id: str | None
    application_active: bool
    buried: tuple[SessionLeaf, ...] = ()
    more: bool = False


class Iterm2State(Struct, frozen=True, kw_only=True):
    connected: bool
    version: str | None


class Limits(Struct, frozen=True, kw_only=True):
    """Sizes in bytes, seconds, and requests that may wait for their answers."""

    input_line: int = LINE_BYTES
    output_line: int = wire.OUTPUT_LINE_BYTES
    data: int = PIECE_BYTES
    requests: int = REQUESTS_PER_CLIENT
    scrollback: int = SCROLLBACK_LINES
    lease: int = LEASE_SECONDS_MOST
    credit: int = CREDIT_BYTES


class Welcome(Message, frozen=True, kw_only=True, tag="welcome"):
    """The answer to `hello`."""

    id: RequestId | None = None
    version: int = VERSION
    server: str
    iterm2: Iterm2State
    layout: LayoutTree
    limits: Limits = Limits()


class Layout(LayoutTree, frozen=True, kw_only=True, tag_field="type", tag="layout"):
    """All of it again, because windows, tabs or panes changed."""


class SessionChanged(Message, frozen=True, kw_only=True, tag="session", omit_defaults=True):
    """What changed of a session; null: there is none any more."""

    session_id: str
    title: str | msgspec.UnsetType = msgspec.UNSET
    columns: Cells | msgspec.UnsetType = msgspec.UNSET
    rows: Cells | msgspec.UnsetType = msgspec.UNSET
    attached: bool | msgspec.UnsetType = msgspec.UNSET
    reason: str | msgspec.UnsetType | None = msgspec.UNSET
    path: str | msgspec.UnsetType | None = msgspec.UNSET
    job: str | msgspec.UnsetType | None = msgspec.UNSET


class Focus(Message, frozen=True, kw_only=True, tag="focus"):
    """Where the user types."""

    application_active: bool
    window_id: str | None
    tab_id: str | None
    session_id: str | None


class Iterm2(Message, frozen=True, kw_only=True, tag="iterm2"):
    """The connection to iTerm2 came or went; `reason` is for the user."""

    connected: bool
    reason: str


class Closed(Message, frozen=True, kw_only=True, tag="closed"):
    """A session is gone, or one that was asked for was not there."""

    session_id: str


class ConfigValues(Struct, frozen=True, kw_only=True, rename="camel"):
    """A profile, spelled as in dialect 1."""

    font: str
    cursor_type: Literal["CURSOR_TYPE_BLOCK", "CURSOR_TYPE_UNDERLINE", "CURSOR_TYPE_VERTICAL"]
    cursor_blink: bool
    scrollback: Count
    foreground: Colour
    background: Colour
    cursor: Colour
    selection_color: Colour
    ansi_colors: Annotated[tuple[Colour, ...], Meta(min_length=16, max_length=16)]


class ConfigChanged(Message, frozen=True, kw_only=True, tag="config"):
    """A session's profile changed, or the theme that picks among its colours."""

    session_id: str
    font: str
    cursor_type: Literal["CURSOR_TYPE_BLOCK", "CURSOR_TYPE_UNDERLINE", "CURSOR_TYPE_VERTICAL"] = field(
        name="cursorType"
    )
    cursor_blink: bool = field(name="cursorBlink")
    scrollback: Count
    foreground: Colour
    background: Colour
    cursor: Colour
    selection_color: Colour = field(name="selectionColor")
    ansi_colors: Annotated[tuple[Colour, ...], Meta(min_length=16, max_length=16)] = field(name="ansiColors")


# --- a session's stream ---------------------------------------------------------------------------------------------


class Data(Message, frozen=True, kw_only=True, tag="data"):
    """The bytes from `offset` up to `next` of an epoch; with `strip_queries` less the queries among them."""

    session_id: str
    epoch: Epoch
    offset: Count
    next: Count
    data: bytes


class Cursor(Struct, frozen=True, kw_only=True):
    """From 0, at the left and at the top."""

    column: Count
    row: Count


class Snapshot(Message, frozen=True, kw_only=True, tag="snapshot"):
    """A repaint as of byte `offset`; `epoch` is null for a session whose bytes nobody gets.

    `more`: the next `snapshot` of this session continues the repaint. `id`: of the request that it answers.
    """

    session_id: str
    epoch: Epoch | None
    offset: Count
    columns: Cells
    rows: Cells
    cursor: Cursor
    modes: Modes
    approximate: bool
    more: bool = False
    id: RequestId | None = None
    data: bytes


class Size(Message, frozen=True, kw_only=True, tag="size"):
    """The screen's size from byte `offset` on."""

    session_id: str
    epoch: Epoch
    offset: Count
    columns: Cells
    rows: Cells


class Prompt(Message, frozen=True, kw_only=True, tag="prompt"):
    """A shell's prompt, or the beginning or end of a command, at byte `offset`."""

    session_id: str
    epoch: Epoch
    offset: Count
    state: MarkState
    command: str | None
    status: int | None
    path: str | None


class Gap(Message, frozen=True, kw_only=True, tag="gap"):
    """The bytes from `from` up to `to` are gone for this client."""

    session_id: str
    epoch: Epoch
    start: Count = field(name="from")
    end: Count = field(name="to")


# --- answers --------------------------------------------------------------------------------------------------------


class Result(Message, frozen=True, kw_only=True, tag="result"):
    """It was carried out. Which of the other keys there are depends on the request."""

    id: RequestId | None = None
    written: Count | msgspec.UnsetType = msgspec.UNSET
    columns: Cells | msgspec.UnsetType = msgspec.UNSET
    rows: Cells | msgspec.UnsetType = msgspec.UNSET
    window_id: str | msgspec.UnsetType = msgspec.UNSET
    tab_id: str | msgspec.UnsetType = msgspec.UNSET
    session_id: str | msgspec.UnsetType = msgspec.UNSET
    config: ConfigValues | msgspec.UnsetType = msgspec.UNSET


Code = Literal[
    "bad_json",
    "too_long",
    "unknown_type",
    "invalid",
    "no_such_session",
    "no_such_tab",
    "no_such_window",
    "not_attached",
    "read_only",
    "busy",
    "iterm2_unavailable",
    "timeout",
    "unsupported_version",
    "internal",
]


class Error(Message, frozen=True, kw_only=True, tag="error"):
    """It was refused. `holder`: who has claimed the session or leased its size. `written`: what was, of an `input`."""

    id: RequestId | None = None
    code: Code
    message: str
    holder: str | msgspec.UnsetType = msgspec.UNSET
    written: Count | msgspec.UnsetType = msgspec.UNSET


#: What may be sent.
MESSAGES: tuple[type[Struct], ...] = (
    Welcome,
    Layout,
    SessionChanged,
    Focus,
    Iterm2,
    Closed,
    ConfigChanged,
    Data,
    Snapshot,
    Size,
    Prompt,
    Gap,
    Result,
    Error,
)
