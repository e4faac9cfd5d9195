"""The frames between the host and its emulator process: kind, number, length, payload."""

import enum
import struct
from collections.abc import Iterator

_HEADER = struct.Struct(">BII")
#: No frame is longer; a buffer answer with 100,000 wide lines stays far below.
MAX_PAYLOAD = 1 << 30


class Kind(enum.IntEnum):
    """What a frame is; the number in its header is a session's, in an answer the request's."""

    OPEN = 1  #: JSON: columns, rows, scrollback, colors
    BYTES = 2  #: output of the session
    RESIZE = 3  #: JSON: columns, rows
    RESET = 4  #: modes back to their defaults (the program was restarted)
    CLOSE = 5
    ASK = 6  #: request number (4 bytes), question (1 byte), body
    ANSWER = 7
    NEWS = 8  #: JSON
    CHANGED = 9  #: the screen shows something else


class Question(enum.IntEnum):
    """What ASK asks; answered in order with the bytes before it."""

    BUFFER = 1  #: body LineRange, answer GetBufferResponse or nothing
    LINE_INFO = 2  #: answer JSON
    PROMPT = 3  #: body: JSON with id or null, answer GetPromptResponse or nothing
    PROMPTS = 4  #: body: JSON with first and last, answer ListPromptsResponse
    TEXT = 5  #: body: JSON list of [start x, start y, end x, end y], answer UTF-8 text


def frame(kind: Kind, number: int, payload: bytes = b"") -> bytes:
    """One frame."""
    return _HEADER.pack(kind, number, len(payload)) + payload


def header(kind: Kind, number: int, length: int) -> bytes:
    """The head of a frame whose payload follows separately."""
    return _HEADER.pack(kind, number, length)


def question(request: int, what: Question, body: bytes) -> bytes:
    """The payload of ASK."""
    return struct.pack(">IB", request, what) + body


def split_question(payload: bytes) -> tuple[int, Question, bytes]:
    """The parts of an ASK payload."""
    request, what = struct.unpack_from(">IB", payload)
    return request, Question(what), payload[5:]


class Reader:
    """Cuts a byte stream into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Kind, int, bytes]]:
        """The frames that are complete now; raises ValueError if the stream is no such stream."""
        buffer = self._buffer
        buffer += data
        position = 0
        while len(buffer) - position >= _HEADER.size:
            kind, number, length = _HEADER.unpack_from(buffer, position)
            if length > MAX_PAYLOAD:
                raise ValueError(f"frame of {length} bytes")
            start = position + _HEADER.size
            if len(buffer) < start + length:
                break
            position = start + length
            yield Kind(kind), number, bytes(buffer[start:position])
        del buffer[:position]
