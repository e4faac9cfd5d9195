"""A traced message as a line: nothing of it can steer the reader's terminal."""

import base64
import json

from hypothesis import given
from hypothesis import strategies as st

from bus.codec import Frame
from bus.messages.events import FrameHeader
from itermbus import trace_lines
from tests.itermbus.support import SESSION_ID


def _frame(data: bytes) -> Frame:
    return Frame(SESSION_ID, FrameHeader(epoch="e", offset=16, time=100.0), data)


def test_bytes_are_escaped_and_timed() -> None:
    line = trace_lines.escaped(_frame(b"a\x1b[1m\\\r\n\x00\xff"), 100.0025)
    assert line.endswith(rb" 2.50ms pty." + SESSION_ID.encode() + rb" 16 +10 a\e[1m\\\r\n\x00\xff" + b"\n")


@given(st.binary(), st.integers(20, 200))
def test_no_byte_leaves_as_a_control_code(data: bytes, width: int) -> None:
    line = trace_lines.escaped(_frame(data), 100.0, width)
    assert len(line) <= width + 1
    assert line[:-1].decode("ascii").isprintable()
    assert b"".join(trace_lines.hexdump(_frame(data), 100.0).splitlines()).decode("ascii").isprintable()


@given(st.binary(max_size=100))
def test_an_escaped_string_is_not_ambiguous(data: bytes) -> None:
    escaped = trace_lines.escape(data).replace("\\e", "\\x1b")
    assert escaped.encode().decode("unicode_escape").encode("latin-1") == data


def test_a_hex_dump_counts_in_the_stream() -> None:
    _, first, second = trace_lines.hexdump(_frame(bytes(range(60, 80))), 100.0).decode().splitlines()
    assert first == "  000000000010  3c 3d 3e 3f 40 41 42 43 44 45 46 47 48 49 4a 4b  <=>?@ABCDEFGHIJK"
    assert second.split() == ["000000000020", "4c", "4d", "4e", "4f", "LMNO"]


def test_json_and_raw_have_the_bytes_as_they_are() -> None:
    told = json.loads(trace_lines.as_json(_frame(b"\x00\xff"), 100.5))
    assert base64.b64decode(told["data"]) == b"\x00\xff"
    assert (told["offset"], told["latency"], told["process"]) == (16, 0.5, f"pty-{SESSION_ID}")
    assert trace_lines.raw(_frame(b"\x00\xff"), 100.0) == b"\x00\xff"
