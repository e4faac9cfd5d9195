"""Parts of a ZeroMQ message <-> typed messages. Pure: no socket, no clock.

Published: `topic`, `header`, `payload`. Requests and replies: `header`, `payload`. Sizes are checked before
anything is parsed; whatever is wrong raises `ProtocolError`, which loops count and drop.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple, TypeVar

import msgspec
from msgspec import msgpack

from bus import topics
from bus.errors import ProtocolError
from bus.limits import HEADER_BYTES, PAYLOAD_BYTES
from bus.messages.commands import Request
from bus.messages.events import EVENTS, FrameHeader
from bus.messages.fields import Count, Message
from bus.messages.results import Refusal, Reply
from bus.messages.stat import Stat
from bus.version import BUS_VERSION

#: What a ZeroMQ part is made of: `bytes`, or a view that pyzmq sends without a copy of ours.
Part = bytes | memoryview


class Frame(NamedTuple):
    """A run of a session's bytes with its place in the stream."""

    session_id: str
    header: FrameHeader
    payload: bytes


class Typed(NamedTuple):
    """Bytes that were written to a session as its input, when its stream's head was where the header says."""

    session_id: str
    header: FrameHeader
    payload: bytes


class Event(NamedTuple):
    """Something happened; `body` is one of `bus.messages.EVENTS`. Only a snapshot has a payload."""

    name: str
    body: Message
    payload: bytes = b""


#: Whatever is published.
Published = Frame | Typed | Event | Stat


class _Version(msgspec.Struct):
    v: int


class _Numbered(msgspec.Struct):
    id: Count


class _AnyRefusal(msgspec.Struct):
    """What a refusal is in every version."""

    id: Count
    refusal: Refusal


_encode = msgpack.Encoder().encode
_version = msgpack.Decoder(_Version)
_frame_header = msgpack.Decoder(FrameHeader)
_stat = msgpack.Decoder(Stat)
_request = msgpack.Decoder(Request)
_reply = msgpack.Decoder(Reply)
_numbered = msgpack.Decoder(_Numbered)
_any_refusal = msgpack.Decoder(_AnyRefusal)
_events: dict[str, "msgpack.Decoder[Message]"] = {name: msgpack.Decoder(cls) for name, cls in EVENTS.items()}

#: What a decoder raises for bytes that are not what it expects.
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_VALUE = re.compile(r"value '.*'", re.DOTALL)

T = TypeVar("T")


class WrongVersion(ProtocolError):
    """The peer speaks another version of the bus; `version` is its.

    `sender` is the peer's name in supervisord where a topic tells it, `request_id` that of a request that can still be
    refused.
    """

    def __init__(self, version: int) -> None:
        super().__init__(f"a message of bus version {version}, and this process speaks {BUS_VERSION}")
        self.version = version
        self.sender = ""
        self.request_id: int | None = None


def encode_frame(topic: bytes, header: FrameHeader, payload: Part) -> list[Part]:
    """A frame's parts, or those of input. `topic` is `topics.pty(session_id)` or `typed`, made once a session."""
    return [topic, _encode(header), payload]


def encode_event(name: str, body: Message, payload: bytes = b"") -> list[bytes]:
    """An event's parts. `name` is a key of `EVENTS` and `body` of its type."""
    if type(body) is not EVENTS[name]:
        raise TypeError(f"event.{name} takes {EVENTS[name].__name__}, not {type(body).__name__}")
    return [topics.event(name), _encode(body), payload]


def encode_stat(stat: Stat) -> list[bytes]:
    return [topics.stat(stat.process), _encode(stat), b""]


def decode_published(parts: Sequence[bytes]) -> Published:
    """What was published. Raises `ProtocolError`."""
    if len(parts) != 3:
        raise ProtocolError(f"a published message has 3 parts, not {len(parts)}")
    raw_topic, header, payload = parts
    _check_sizes(header, payload)
    try:
        family, _, name = raw_topic.decode("ascii").partition(".")
    except UnicodeDecodeError:
        raise ProtocolError("a topic that is not ASCII") from None
    try:
        return _decode_body(family, name, header, payload)
    except WrongVersion as error:
        error.sender = topics.publisher(f"{family}.{name}")
        raise


def _decode_body(family: str, name: str, header: bytes, payload: bytes) -> Published:
    if family == "pty" and topics.is_session_id(name):
        return Frame(name, _decode(_frame_header, header), payload)
    if family == "input" and topics.is_session_id(name):
        return Typed(name, _decode(_frame_header, header), payload)
    if family == "event" and name in _events:
        return Event(name, _decode(_events[name], header), payload)
    if family == "stat":
        return _decode(_stat, header)
    raise ProtocolError("a topic that this version does not know")


def encode_request(request: Request, payload: bytes = b"") -> list[bytes]:
    return [_encode(request), payload]


def decode_request(parts: Sequence[bytes]) -> tuple[Request, bytes]:
    """A request and its payload. Raises `ProtocolError`."""
    header, payload = _two(parts)
    try:
        return _decode(_request, header), payload
    except WrongVersion as error:
        with suppress(*_UNREADABLE):
            error.request_id = _numbered.decode(header).id
        raise


def encode_reply(reply: Reply, payload: bytes = b"") -> list[bytes]:
    return [_encode(reply), payload]


def decode_reply(parts: Sequence[bytes]) -> tuple[Reply, bytes]:
    """A reply and its payload. Raises `ProtocolError`.

    The refusal of a peer of another version is read too: it says why there is no other answer.
    """
    header, payload = _two(parts)
    try:
        reply = _decode(_reply, header)
    except WrongVersion:
        return _refusal_of_another_version(header), b""
    if (reply.result is None) == (reply.refusal is None):
        raise ProtocolError("a reply has either a result or a refusal")
    return reply, payload


def _refusal_of_another_version(header: bytes) -> Reply:
    """The refusal in a header of another version. Raises the pending `WrongVersion` again when it is none."""
    try:
        found = _any_refusal.decode(header)
    except _UNREADABLE:
        raise WrongVersion(_version.decode(header).v) from None
    return Reply(id=found.id, refusal=found.refusal)


def _two(parts: Sequence[bytes]) -> tuple[bytes, bytes]:
    if len(parts) != 2:
        raise ProtocolError(f"a request or reply has 2 parts, not {len(parts)}")
    _check_sizes(parts[0], parts[1])
    return parts[0], parts[1]


def _check_sizes(header: bytes, payload: bytes) -> None:
    if len(header) > HEADER_BYTES or len(payload) > PAYLOAD_BYTES:
        raise ProtocolError(f"a message too long: header {len(header)} bytes, payload {len(payload)} bytes")


def _decode(decoder: "msgpack.Decoder[T]", header: bytes) -> T:
    try:
        message = decoder.decode(header)
    except _UNREADABLE as error:
        raise _explain(header, error) from None
    if getattr(message, "v", BUS_VERSION) != BUS_VERSION:
        raise WrongVersion(message.v)  # type: ignore[attr-defined]
    return message


def _explain(header: bytes, error: Exception) -> ProtocolError:
    """Why a header cannot be read: its version, if that can be told, explains more than its first wrong key."""
    try:
        version = _version.decode(header).v
    except _UNREADABLE:
        return ProtocolError(f"a header that is no MessagePack map of the expected shape ({type(error).__name__})")
    if version != BUS_VERSION:
        return WrongVersion(version)
    # msgspec names the key and the types, and of a wrong tag the value too, which could be anything and is taken out.
    return ProtocolError(f"a header of a wrong shape: {_VALUE.sub('value', str(error))}")
