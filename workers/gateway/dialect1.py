"""Dialect 1 of the gateway's contract: what its lines hold, each way. Pure.

Requests are declared once, as records; a line is checked against them. Output lines are ASCII, 64 KiB at most.
"""

import binascii
import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from bus.errors import BadJson, Invalid, RequestError, TooLong, UnknownType, UnsupportedVersion
from bus.messages import Config
from workers.gateway.layout import LayoutIndex
from workers.gateway.lines import LINE_BYTES, TooLongLine

#: An output line's length in bytes, with its newline.
OUTPUT_LINE_BYTES = 64 * 1024

#: Terminal bytes in one message: their base64 and the keys around it fit the line.
DATA_BYTES = 48_000

#: How much of a client's own text an error repeats.
_QUOTED = 64

Identifier = Annotated[str, Meta(max_length=256)]


class Request(Struct, frozen=True, kw_only=True):
    """A line from the client. Keys that are not declared are ignored."""


class TerminalInput(Request, frozen=True, kw_only=True):
    """Writes `data` to the session as if typed."""

    session_id: Identifier
    data: bytes


class TerminalResize(Request, frozen=True, kw_only=True):
    """Asks for a size in cells; what comes of it is configured."""

    session_id: Identifier
    cols: Annotated[int, Meta(ge=1, le=10_000)]
    rows: Annotated[int, Meta(ge=1, le=10_000)]


class TabSwitch(Request, frozen=True, kw_only=True):
    """Selects a tab; `tab_id` may be the id of a session in it."""

    tab_id: Identifier


class TabCreate(Request, frozen=True, kw_only=True):
    """A new tab in the current window."""


class TabClose(Request, frozen=True, kw_only=True):
    """Closes a tab without a prompt."""

    tab_id: Identifier


class RequestScreenRefresh(Request, frozen=True, kw_only=True):
    """A repaint of one session, the active one when none is named."""

    session_id: Identifier | None = None


class ResendInitialState(Request, frozen=True, kw_only=True):
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


T = TypeVar("T")


class _Typed(Struct):
    type: str


_typed = msgspec.json.Decoder(_Typed)
_decoders = {name: msgspec.json.Decoder(cls) for name, cls in REQUESTS.items()}


def parse(line: bytes | TooLongLine) -> Request:
    """The request that a line holds. Raises `RequestError` with what is wrong and where."""
    if isinstance(line, TooLongLine):
        raise TooLong(f"a line is {LINE_BYTES} bytes at most; this one was skipped up to its end")
    name = _decode(_typed, line, "a message is an object with a type").type
    if name == "hello":
        raise UnsupportedVersion("this version of the gateway speaks dialect 1 only; go on without hello")
    if name not in REQUESTS:
        raise UnknownType(f"unknown type {quoted(name)}; known are {', '.join(REQUESTS)}")
    return _decode(_decoders[name], line, name)


def _decode(decoder: "msgspec.json.Decoder[T]", line: bytes, what: str) -> T:
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


# --- to the client -------------------------------------------------------------------------------------------------


def _line(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


READY = _line({"type": "ready"})

#: Titles that a `sessions` line holds at most, in characters, so that many sessions fit one line.
_TITLE_CHARACTERS = 256


def sessions(index: LayoutIndex) -> bytes:
    """The `sessions` line. Titles are cut, shorter and shorter, until the line fits."""
    active = index.active_session_id
    limit = _TITLE_CHARACTERS
    while True:
        listed = [
            {
                "session_id": place.session.session_id,
                "tab_id": place.tab_id,
                "title": place.session.title[:limit],
                "is_active": place.session.session_id == active,
            }
            for place in index.places.values()
        ]
        line = _line({"type": "sessions", "sessions": listed})
        if len(line) <= OUTPUT_LINE_BYTES or limit == 0:
            return line
        limit //= 2


def tab_switched(tab_id: str, session_id: str) -> bytes:
    return _line({"type": "tab_switched", "tab_id": tab_id, "session_id": session_id})


def config(values: Config) -> bytes:
    """The `config` line, in the spelling that the client knows."""
    return _line(
        {
            "type": "config",
            "font": values.font,
            "cursorType": values.cursor_type,
            "cursorBlink": values.cursor_blink,
            "scrollback": values.scrollback,
            "foreground": values.foreground,
            "background": values.background,
            "cursor": values.cursor,
            "selectionColor": values.selection_color,
            "ansiColors": list(values.ansi_colors),
        }
    )


def error(problem: RequestError) -> bytes:
    """The `error` line. The one place where an exception becomes a message of this dialect."""
    return _line({"type": "error", "code": problem.code, "message": str(problem)})


def terminal_data(session_id: str, data: bytes) -> bytes:
    """One line of output; `data` is `DATA_BYTES` at most."""
    return _data_line("terminal_data", session_id, data)


def initial_terminal_data(session_id: str, data: bytes) -> bytes:
    """One line with a repaint, or with the first part of a long one."""
    return _data_line("initial_terminal_data", session_id, data)


def _data_line(name: str, session_id: str, data: bytes) -> bytes:
    # Built by hand: this is the hot path, and nothing in it needs an escape.
    head = f'{{"type":"{name}","session_id":"{session_id}","data":"'.encode("ascii")
    return b"".join((head, binascii.b2a_base64(data, newline=False), b'"}\n'))
