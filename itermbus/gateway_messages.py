"""What the command line reads of the gateway's dialect 2: the keys that it uses, and no others. Pure.

The contract is docs/gateway.md; unknown types and keys are ignored, as it asks of clients.
"""

import msgspec
from msgspec import Struct, field

from bus.errors import ProtocolError


class Message(Struct, frozen=True, kw_only=True, tag_field="type"):
    """A line of the gateway."""


class Welcome(Message, frozen=True, kw_only=True, tag="welcome"):
    server: str


class Data(Message, frozen=True, kw_only=True, tag="data"):
    """The bytes from `offset` up to `next`; less the queries among them where these are stripped."""

    epoch: str
    offset: int
    next: int
    data: bytes


class Snapshot(Message, frozen=True, kw_only=True, tag="snapshot"):
    """A repaint as of `offset`; `more`: the next one continues it."""

    epoch: str | None
    offset: int
    columns: int
    rows: int
    data: bytes
    more: bool = False


class Size(Message, frozen=True, kw_only=True, tag="size"):
    columns: int
    rows: int


class Prompt(Message, frozen=True, kw_only=True, tag="prompt"):
    state: str
    command: str | None = None
    status: int | None = None


class Gap(Message, frozen=True, kw_only=True, tag="gap"):
    epoch: str
    start: int = field(name="from")
    end: int = field(name="to")


class Closed(Message, frozen=True, kw_only=True, tag="closed"):
    session_id: str


class Result(Message, frozen=True, kw_only=True, tag="result"):
    id: str | int | None = None
    written: int | None = None
    columns: int | None = None
    rows: int | None = None


class Error(Message, frozen=True, kw_only=True, tag="error"):
    code: str
    message: str
    id: str | int | None = None


AnyMessage = Welcome | Data | Snapshot | Size | Prompt | Gap | Closed | Result | Error


class _Kind(Struct, frozen=True):
    type: str


_KNOWN = frozenset({"welcome", "data", "snapshot", "size", "prompt", "gap", "closed", "result", "error"})
_kind = msgspec.json.Decoder(_Kind)
_message: "msgspec.json.Decoder[AnyMessage]" = msgspec.json.Decoder(AnyMessage)


def decode(line: bytes) -> AnyMessage | None:
    """The message in a line, None for one of a type that is of no use here. Raises `ProtocolError`."""
    try:
        return _message.decode(line) if _kind.decode(line).type in _KNOWN else None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise ProtocolError("the gateway sent a line that is not as its contract says") from None
