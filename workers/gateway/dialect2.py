"""Dialect 2 of the gateway's contract: the requests that its lines hold. Pure."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from bus.errors import Invalid, UnknownType
from bus.limits import (
    CLIENT_NAME_CHARACTERS,
    CREDIT_BYTES,
    LEASE_SECONDS_LEAST,
    LEASE_SECONDS_MOST,
    SCROLLBACK_LINES,
    SESSIONS_PER_MESSAGE,
)
from bus.messages.fields import Cells, Count, Epoch
from workers.gateway import wire
from workers.gateway.lines import TooLongLine
from workers.gateway.wire import Identifier, quoted

VERSION = 2

#: What a client calls a request, to know its answer by.
RequestId = Annotated[str, Meta(max_length=256)] | Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]

Name = Annotated[str, Meta(max_length=CLIENT_NAME_CHARACTERS)]
SessionIds = Annotated[tuple[Identifier, ...], Meta(max_length=SESSIONS_PER_MESSAGE)]
Bytes = Annotated[int, Meta(ge=1, le=CREDIT_BYTES)]
ProfileName = Annotated[str, Meta(max_length=256)]
CommandText = Annotated[str, Meta(max_length=4096)]


class Request(Struct, frozen=True, kw_only=True, tag_field="type"):
    """A line from the client. Its answer carries the same `id`. Keys that are not declared are ignored."""

    id: RequestId | None = None


class ResumeFrom(Struct, frozen=True, kw_only=True):
    """The position of the first byte that the client does not have."""

    epoch: Epoch
    offset: Count


Resume = Annotated[dict[Identifier, ResumeFrom], Meta(max_length=SESSIONS_PER_MESSAGE)]


class Hello(Request, frozen=True, kw_only=True, tag="hello"):
    """Begins dialect 2. `window` is the credit in bytes that each session begins with; without it there is no limit."""

    version: Literal[2]
    client: Name = ""
    sessions: Literal["all", "none"] | SessionIds = "all"
    read_only: bool = False
    strip_queries: bool = False
    resume: Resume = {}
    window: Bytes | None = None


class Subscribe(Request, frozen=True, kw_only=True, tag="subscribe"):
    """Sends these sessions' bytes from now on; of one that is sent already it begins anew."""

    sessions: Literal["all"] | SessionIds
    resume: Resume = {}


class Unsubscribe(Request, frozen=True, kw_only=True, tag="unsubscribe"):
    """Ends that, for these sessions or for all."""

    sessions: Literal["all"] | SessionIds


class InputRequest(Request, frozen=True, kw_only=True, tag="input"):
    """Writes `data` to the session as if typed."""

    session_id: Identifier
    data: bytes


class ResizeRequest(Request, frozen=True, kw_only=True, tag="resize"):
    """Sets a session's grid for `lease` seconds, or as long as the connection lasts if that is shorter."""

    session_id: Identifier
    columns: Cells
    rows: Cells
    lease: Annotated[float, Meta(ge=LEASE_SECONDS_LEAST, le=LEASE_SECONDS_MOST)]


class Claim(Request, frozen=True, kw_only=True, tag="claim"):
    """Keeps the session's input to this client."""

    session_id: Identifier


class Release(Request, frozen=True, kw_only=True, tag="release"):
    """Ends a claim."""

    session_id: Identifier


class Target(Request, frozen=True, kw_only=True):
    """Exactly one of the three."""

    session_id: Identifier | UnsetType = UNSET
    tab_id: Identifier | UnsetType = UNSET
    window_id: Identifier | UnsetType = UNSET


class ActivateRequest(Target, frozen=True, kw_only=True, tag="activate"):
    """Selects one of these."""


class CloseRequest(Target, frozen=True, kw_only=True, tag="close"):
    """Closes one of these; `force`: without a question to the user."""

    force: bool = False


class CreateWindowRequest(Request, frozen=True, kw_only=True, tag="create_window"):
    profile: ProfileName | None = None
    command: CommandText | None = None


class CreateTabRequest(Request, frozen=True, kw_only=True, tag="create_tab"):
    """A tab in `window_id`, else in the current window, else in a new one."""

    window_id: Identifier | None = None
    profile: ProfileName | None = None
    command: CommandText | None = None


class SplitRequest(Request, frozen=True, kw_only=True, tag="split"):
    """Divides a session's pane. `vertical`: the divider is. `before`: the new pane is the left or upper one."""

    session_id: Identifier
    vertical: bool = False
    before: bool = False
    profile: ProfileName | None = None


class SnapshotRequest(Request, frozen=True, kw_only=True, tag="snapshot"):
    """A repaint, with `scrollback` lines above the screen."""

    session_id: Identifier
    scrollback: Annotated[int, Meta(ge=0, le=SCROLLBACK_LINES)] = 0


class ProfileRequest(Request, frozen=True, kw_only=True, tag="profile"):
    """A session's profile."""

    session_id: Identifier


class Credit(Request, frozen=True, kw_only=True, tag="credit"):
    """So many bytes more may be sent of a session. Has no answer unless it is refused."""

    session_id: Identifier
    bytes: Bytes


class Ping(Request, frozen=True, kw_only=True, tag="ping"):
    """Answered at once."""


#: `type` -> the record of its keys.
REQUESTS: dict[str, type[Request]] = {
    "hello": Hello,
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "input": InputRequest,
    "resize": ResizeRequest,
    "claim": Claim,
    "release": Release,
    "activate": ActivateRequest,
    "create_window": CreateWindowRequest,
    "create_tab": CreateTabRequest,
    "split": SplitRequest,
    "close": CloseRequest,
    "snapshot": SnapshotRequest,
    "profile": ProfileRequest,
    "credit": Credit,
    "ping": Ping,
}

_decoders = {name: msgspec.json.Decoder(cls) for name, cls in REQUESTS.items()}


class _Identified(Struct):
    id: RequestId | None = None


class _Versioned(Struct):
    version: int


_identified = msgspec.json.Decoder(_Identified)
_versioned = msgspec.json.Decoder(_Versioned)


def id_of(line: bytes | TooLongLine) -> str | int | None:
    """The `id` of a line that could not be carried out, as far as it can be read."""
    if isinstance(line, TooLongLine):
        return None
    try:
        return _identified.decode(line).id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def version_of(line: bytes) -> int:
    """The version that a `hello` asks for. Raises `Invalid` or `BadJson`."""
    return wire.decode(_versioned, line, "hello").version


def parse(line: bytes, name: str) -> Request:
    """The request of type `name` that a line holds. Raises `RequestError` with what is wrong and where."""
    if name not in REQUESTS:
        raise UnknownType(f"unknown type {quoted(name)}; known are {', '.join(REQUESTS)}")
    request = wire.decode(_decoders[name], line, name)
    if isinstance(request, Target):
        named = [value for value in (request.session_id, request.tab_id, request.window_id) if value is not UNSET]
        if len(named) != 1:
            raise Invalid(f"{name}: exactly one of session_id, tab_id and window_id, not {len(named)}")
    return request
