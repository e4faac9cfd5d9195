"""What both dialects share: how a line is read and checked, and how one is written. Pure.

Messages are declared once, as records; a line that comes is checked against them, a line that goes is made of them, and
`docs/schema/` is generated from them.
"""

import json
from typing import Annotated, TypeVar

import msgspec
import pybase64
from msgspec import Meta, Struct

from bus.errors import BadJson, Invalid, TooLong
from workers.gateway.lines import LINE_BYTES, TooLongLine

#: An output line's length in bytes, with its newline.
OUTPUT_LINE_BYTES = 64 * 1024

#: Terminal bytes in one message: their base64 and the keys around it fit the line.
DATA_BYTES = 48_000

#: How much of a client's own text an error repeats.
_QUOTED = 64

Identifier = Annotated[str, Meta(max_length=256)]
Colour = Annotated[str, Meta(pattern="^#[0-9a-f]{6}$")]
T = TypeVar("T")


class _Typed(Struct):
    type: str


_typed = msgspec.json.Decoder(_Typed)


def type_of(line: bytes | TooLongLine) -> str:
    """The type of the message that a line holds. Raises `TooLong`, `BadJson` or `Invalid`."""
    if isinstance(line, TooLongLine):
        raise TooLong(f"a line is {LINE_BYTES} bytes at most; this one was skipped up to its end")
    return decode(_typed, line, "a message is an object with a type").type


def decode(decoder: "msgspec.json.Decoder[T]", line: bytes, what: str) -> T:
    """The record that a line holds. Raises `BadJson` or `Invalid`, which says `what` and where."""
    try:
        return decoder.decode(line)
    except msgspec.ValidationError as error:
        raise Invalid(f"{what}: {error}") from None
    except UnicodeDecodeError as error:
        raise BadJson(f"a line that is not JSON: byte {error.start} is not UTF-8") from None
    except RecursionError:
        raise BadJson("a line that is nested too deeply") from None
    except msgspec.DecodeError as error:
        raise BadJson(f"a line that is not JSON: {error}") from None


def quoted(text: str) -> str:
    """A client's own text for an error message: short, and with nothing in it that a terminal acts on."""
    shown = text if len(text) <= _QUOTED else text[:_QUOTED] + "…"
    return json.dumps(shown)


def line(message: Struct) -> bytes:
    """A message as a line: ASCII, with its newline."""
    return json.dumps(msgspec.to_builtins(message), separators=(",", ":")).encode("ascii") + b"\n"


def data_line(head: str, data: bytes) -> bytes:
    """A line of terminal bytes: `head` is all of it up to the base64, which the hot path makes by hand."""
    return b"".join((head.encode("ascii"), pybase64.b64encode(data), b'"}\n'))
