"""A message of the bus as a line for a person, as a hex dump, or as JSON. Pure.

Nothing of what a session prints reaches the reader's terminal unescaped, but for `raw`, which is asked for.
"""

import base64
import json
import time
from collections.abc import Callable, Iterator

import msgspec

from bus.codec import Event, Frame, Published, Typed
from bus.messages.stat import Stat
from itermbus.tracing import Lost, process_of, session_of, topic_of

#: What a style does with a message that came at some time, and with a gap.
Style = Callable[[Published | Lost, float], bytes]

_HEX_WIDTH = 16


def escaped(message: Published | Lost, now: float, width: int | None = None) -> bytes:
    """One line: time, latency, topic, and the bytes escaped; cut at `width` columns."""
    match message:
        case Lost():
            line = f"{_clock(now)}          gap {message.session_id} {message.start}..{message.end}: {_lost(message)}"
        case Frame(header=header, payload=payload) | Typed(header=header, payload=payload):
            line = f"{_head(message, header.time, now)} {header.offset} +{len(payload)} {escape(payload)}"
        case Event(body=body, payload=payload):
            beside = f" +{len(payload)} bytes" if payload else ""
            line = f"{_head(message, None, now)} {_json(_body(body))}{beside}"
        case _:
            line = f"{_head(message, message.time, now)} {_json(_figures(message))}"
    if width is not None and len(line) > width:
        line = line[: width - 3] + "..."
    return line.encode("ascii") + b"\n"


def escape(data: bytes) -> str:
    r"""Bytes as printable ASCII: `\e` for the escape, `\n`, `\r`, `\t`, `\\`, `\x..` for what is not."""
    return data.decode("latin-1").translate(_ESCAPES)


_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 256))} | {
    0x07: "\\a",
    0x08: "\\b",
    0x09: "\\t",
    0x0A: "\\n",
    0x0D: "\\r",
    0x1B: "\\e",
    0x5C: "\\\\",
}


def hexdump(message: Published | Lost, now: float) -> bytes:
    """A heading, and for a frame its bytes in rows of 16, numbered by their offset in the stream."""
    if not isinstance(message, Frame | Typed):
        return escaped(message, now)
    heading = f"{_head(message, message.header.time, now)} {message.header.offset} +{len(message.payload)}\n"
    return heading.encode("ascii") + "".join(_rows(message.payload, message.header.offset)).encode("ascii")


def _rows(data: bytes, offset: int) -> Iterator[str]:
    for start in range(0, len(data), _HEX_WIDTH):
        row = data[start : start + _HEX_WIDTH]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        yield f"  {offset + start:012x}  {row.hex(' '):<{_HEX_WIDTH * 3}} {text}\n"


def raw(message: Published | Lost, _now: float) -> bytes:
    """The bytes of a frame as they are, and nothing else."""
    return message.payload if isinstance(message, Frame) else b""


def as_json(message: Published | Lost, now: float) -> bytes:
    """One object a line; bytes are base64 under `data`."""
    if isinstance(message, Lost):
        keys: dict[str, object] = {
            "kind": "gap",
            "session_id": message.session_id,
            "epoch": message.epoch,
            "from": message.start,
            "to": message.end,
        }
    else:
        keys = {"topic": topic_of(message), "process": process_of(message), "session_id": session_of(message)}
        keys |= _json_keys(message, now)
    return _json({"at": round(now, 6), **keys}).encode("ascii") + b"\n"


def _json_keys(message: Published, now: float) -> dict[str, object]:
    match message:
        case Frame(header=header, payload=payload) | Typed(header=header, payload=payload):
            return {
                "kind": "frame" if isinstance(message, Frame) else "input",
                "epoch": header.epoch,
                "offset": header.offset,
                "time": header.time,
                "latency": round(now - header.time, 6),
                "data": base64.b64encode(payload).decode(),
            }
        case Event(body=body, payload=payload):
            return {"kind": "event", "event": _body(body), "data": base64.b64encode(payload).decode()}
        case _:
            return {"kind": "stat", "time": message.time, "stat": msgspec.to_builtins(message)}


def _head(message: Published, read: float | None, now: float) -> str:
    latency = f"{(now - read) * 1000:7.2f}ms" if read is not None else " " * 9
    return f"{_clock(now)} {latency} {topic_of(message)}"


def _clock(now: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(now)) + f".{int(now % 1 * 1e6):06d}"


def _body(body: msgspec.Struct) -> object:
    found = msgspec.to_builtins(body)
    return {key: value for key, value in found.items() if key != "v"}


def _lost(lost: Lost) -> str:
    return f"{lost.end - lost.start} bytes did not reach this trace"


def _json(value: object) -> str:
    return json.dumps(value, separators=(", ", ": "))


def _figures(stat: Stat) -> object:
    """A process's figures, without what the topic and the clock say already."""
    said = ("v", "process", "time")
    return {key: value for key, value in msgspec.to_builtins(stat).items() if key not in said}
