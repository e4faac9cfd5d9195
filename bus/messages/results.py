"""What comes back for a command."""

from typing import Annotated

from msgspec import Meta

from bus.messages.events import Config
from bus.messages.fields import Cells, Count, Epoch, Message, SessionId
from bus.messages.layout import Layout
from bus.version import BUS_VERSION


class Result(Message, frozen=True, kw_only=True, tag_field="type"):
    """What comes back when a command was carried out."""


class Done(Result, frozen=True, kw_only=True, tag="done"):
    """It was carried out, and there is nothing more to say."""


class Written(Result, frozen=True, kw_only=True, tag="written"):
    """`written` bytes are in the session's pipe."""

    written: Count


class Modes(Message, frozen=True, kw_only=True):
    """What programs have set of a terminal's modes, as far as the bytes of this epoch tell; None: nothing was said.

    `mouse` is the number of the DEC private mode in force (1000, 1002, 1003), `mouse_encoding` that of its encoding
    (1005, 1006, 1015, 1016); 0 stands for none. `cursor_shape` is DECSCUSR's number.
    """

    alternate_screen: bool | None = None
    cursor_keys: bool | None = None
    keypad: bool | None = None
    bracketed_paste: bool | None = None
    focus_reporting: bool | None = None
    cursor_visible: bool | None = None
    autowrap: bool | None = None
    mouse: int | None = None
    mouse_encoding: int | None = None
    cursor_shape: Annotated[int, Meta(ge=0, le=6)] | None = None


class Position(Result, frozen=True, kw_only=True, tag="position"):
    """A worker's stream: bytes from `tail` up to `head` of `epoch` can be replayed. `modes` are those at `head`.

    `sized_at`: where the newest size change of this epoch took effect, 0 without one; a replay from before it would be
    drawn on a screen of the wrong size. `stopped`: the user stopped the coprocess while no worker was there to say so.
    """

    epoch: Epoch
    tail: Count
    head: Count
    attached: bool
    stopped: bool = False
    sized_at: Count = 0
    modes: Modes = Modes()


class Mark(Result, frozen=True, kw_only=True, tag="mark"):
    """Where the newest mark of the kind asked for is; `offset` is None when this epoch has none."""

    epoch: Epoch
    offset: Count | None
    status: int | None = None


class Replayed(Result, frozen=True, kw_only=True, tag="replayed"):
    """The payload begins at `offset`: later than asked when the ring has moved on; another epoch if a new one began."""

    epoch: Epoch
    offset: Count
    head: Count


class Snapshot(Result, frozen=True, kw_only=True, tag="snapshot"):
    """A repaint of a session's screen as of byte `offset` of `epoch`; the payload is ANSI.

    `epoch` is None for a session without a stream. `approximate`: bytes kept moving while the screen was read.
    """

    session_id: SessionId
    epoch: Epoch | None
    offset: Count
    columns: Cells
    rows: Cells
    cursor_column: Count
    cursor_row: Count
    modes: Modes = Modes()
    approximate: bool = False


class Created(Result, frozen=True, kw_only=True, tag="created"):
    window_id: str
    tab_id: str
    session_id: SessionId


class Size(Result, frozen=True, kw_only=True, tag="size"):
    columns: Cells
    rows: Cells


class LayoutResult(Result, frozen=True, kw_only=True, tag="layout"):
    layout: Layout


class ConfigResult(Result, frozen=True, kw_only=True, tag="config"):
    config: Config


AnyResult = Done | Written | Position | Mark | Replayed | Snapshot | Created | Size | LayoutResult | ConfigResult


class Refusal(Message, frozen=True, kw_only=True):
    """Why a command was not carried out, by a code of `bus.errors`."""

    code: str
    message: str


class Reply(Message, frozen=True, kw_only=True):
    """A reply's header: exactly one of `result` and `refusal`."""

    v: int = BUS_VERSION
    id: Count
    result: AnyResult | None = None
    refusal: Refusal | None = None
