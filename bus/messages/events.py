"""What is published besides figures: frames' headers, and events."""

from typing import Literal

from bus.messages.fields import Cells, Count, DetachReason, Epoch, MarkState, Message, SessionId
from bus.messages.layout import Iterm2Status, Layout
from bus.version import BUS_VERSION


class FrameHeader(Message, frozen=True, kw_only=True):
    """Beside a run of a session's bytes: the first of them is byte `offset` of `epoch`."""

    v: int = BUS_VERSION
    epoch: Epoch
    offset: Count
    time: float


class Iterm2Changed(Message, frozen=True, kw_only=True):
    """The connection to iTerm2 came, went, or waits for the user."""

    v: int = BUS_VERSION
    iterm2: Iterm2Status


class Moved(Message, frozen=True, kw_only=True):
    """A session's stream has gone on to byte `head` of `epoch`. Only on links: on the bus a frame says it."""

    v: int = BUS_VERSION
    session_id: SessionId
    epoch: Epoch
    head: Count


class Attachment(Message, frozen=True, kw_only=True):
    """A worker got a coprocess's pipe, whose next byte is byte `offset` of `epoch`, or lost it (`reason`).

    The epoch is a new one for a coprocess that was launched anew, and goes on when only the worker is new.
    """

    v: int = BUS_VERSION
    session_id: SessionId
    attached: bool
    epoch: Epoch
    offset: Count
    reason: DetachReason = ""


class SizeChanged(Message, frozen=True, kw_only=True):
    """From byte `offset` of `epoch` on, the session's screen has this size."""

    v: int = BUS_VERSION
    session_id: SessionId
    epoch: Epoch
    offset: Count
    columns: Cells
    rows: Cells


class PromptMark(Message, frozen=True, kw_only=True):
    """A shell with shell integration reached a prompt, ran a command or finished one, at byte `offset` of `epoch`.

    `prompt`: the prompt begins there. `running`: the output of `command` begins there. `finished`: it ended there, with
    exit status `status`.
    """

    v: int = BUS_VERSION
    session_id: SessionId
    epoch: Epoch
    offset: Count
    state: MarkState
    command: str | None = None
    status: int | None = None
    path: str | None = None


class Closed(Message, frozen=True, kw_only=True):
    """A session is gone."""

    v: int = BUS_VERSION
    session_id: SessionId


class Config(Message, frozen=True, kw_only=True):
    """What a viewer needs of a session's profile. Colours are `#rrggbb`; `scrollback` is lines."""

    font: str
    cursor_type: Literal["CURSOR_TYPE_BLOCK", "CURSOR_TYPE_UNDERLINE", "CURSOR_TYPE_VERTICAL"]
    cursor_blink: bool
    scrollback: Count
    foreground: str
    background: str
    cursor: str
    selection_color: str
    ansi_colors: tuple[str, ...]


class SessionConfig(Message, frozen=True, kw_only=True):
    """A session's profile changed, or the theme that picks among its colours."""

    v: int = BUS_VERSION
    session_id: SessionId
    config: Config


class SessionSnapshot(Message, frozen=True, kw_only=True):
    """The screen of a session whose bytes nobody gets, as it is now; beside it, a repaint in ANSI.

    `epoch` and `offset` are those of a stream that has come to its end, None and 0 where there is none.
    """

    v: int = BUS_VERSION
    session_id: SessionId
    epoch: Epoch | None
    offset: Count
    columns: Cells
    rows: Cells
    cursor_column: Count
    cursor_row: Count


#: The name in the topic -> the event's type.
EVENTS: dict[str, type[Message]] = {
    "layout": Layout,
    "moved": Moved,
    "iterm2": Iterm2Changed,
    "attached": Attachment,
    "size": SizeChanged,
    "prompt": PromptMark,
    "closed": Closed,
    "config": SessionConfig,
    "snapshot": SessionSnapshot,
}
