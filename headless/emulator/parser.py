"""Splits a terminal's output into text, controls and sequences; knows their shapes, not their meanings."""

import codecs
import re
from typing import Protocol

#: A string longer than this is skipped up to its end: a program that never ends it must not fill memory.
MAX_STRING = 1 << 20
#: An unfinished control sequence longer than this is dropped.
MAX_SEQUENCE = 4096

_TEXT = re.compile(r"[^\x00-\x1f\x7f-\x9f]+")
#: Many plain lines in a row, the shape of nearly all bulk output.
_LINES = re.compile(r"(?:[\x20-\x7e]*\r\n){8,}")
_CSI = re.compile(r"\x1b\[([<-?]*)([0-9:;]*)([ -/]*)([@-~])")
_CSI_OPEN = re.compile(r"\x1b\[[0-?]*[ -/]*\Z")
_STRING = re.compile(r"\x1b([\]PX^_])([^\x07\x18\x1a\x1b]*)(\x07|\x1b\\|\x18|\x1a|\x1b(?!\\)(?=.))", re.DOTALL)
_STRING_OPEN = re.compile(r"\x1b[\]PX^_][^\x07\x18\x1a\x1b]*\x1b?\Z")
_DCS = re.compile(r"\x1bP([^\x18\x1a\x1b]*)(\x1b\\|\x18|\x1a|\x1b(?!\\)(?=.))", re.DOTALL)
#: What may end a string; without one of these nothing of it needs to be looked at again.
_STRING_END = re.compile(r"[\x07\x18\x1a\x1b]")
_ESCAPE = re.compile(r"\x1b([ -/]*)([0-~])")
_ESCAPE_OPEN = re.compile(r"\x1b[ -/]*\Z")


class Sink(Protocol):
    """Who carries out what the parser finds."""

    def text(self, run: str) -> None:
        """Printable characters."""

    def lines(self, run: str) -> bool:
        """Lines of plain ASCII, each ended by CR LF, all at once; False to get them piece by piece instead."""

    def control(self, char: str) -> None:
        """One C0 control other than ESC."""

    def escape(self, intermediates: str, final: str) -> None:
        """ESC, optional intermediates, a final character."""

    def csi(self, prefix: str, parameters: str, intermediates: str, final: str) -> None:
        """A control sequence; the parameters are still text, `;` and `:` included."""

    def string(self, kind: str, body: str) -> None:
        """A complete OSC (`]`), DCS (`P`), SOS, PM or APC string."""


class Parser:
    """Feeds a Sink. Sequences and UTF-8 characters may be split anywhere between two calls of feed."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        #: The pieces of an unfinished string, joined only when its end may have come.
        self._pieces: list[str] = []
        self._length = 0

    def feed(self, data: bytes) -> None:
        """Parses `data`; an unfinished sequence waits for the next call."""
        text = self._rest + self._decoder.decode(data)
        self._rest = ""
        if self._pieces:
            text = self._continue_string(text)
        self._parse(text)

    def _continue_string(self, text: str) -> str:
        """What can be parsed of a string that goes on with `text`; nothing while its end is not in sight."""
        end = _STRING_END.search(text)
        if end is None and not self._pieces[-1].endswith("\x1b"):
            self._length += len(text)
            if self._length <= MAX_STRING:
                self._pieces.append(text)
            return ""
        whole = "".join([*self._pieces, text])
        if self._length > MAX_STRING and end is not None:
            whole = text[end.start() if end.group() == "\x1b" else end.end() :]
        self._pieces, self._length = [], 0
        return whole

    def _keep(self, rest: str) -> None:
        """An unfinished sequence, for the next call."""
        if rest[1:2] in ("]", "P", "X", "^", "_"):
            self._pieces, self._length = [rest], len(rest)
        elif len(rest) <= MAX_SEQUENCE:
            self._rest = rest

    def _parse(self, text: str) -> None:
        position, length, sink = 0, len(text), self._sink
        match_text, match_lines = _TEXT.match, _LINES.match
        while position < length:
            if (lines := match_lines(text, position)) and sink.lines(lines.group()):
                position = lines.end()
            elif run := match_text(text, position):
                sink.text(run.group())
                position = run.end()
            elif text[position] != "\x1b":
                sink.control(text[position])
                position += 1
            else:
                end = self._sequence(text, position)
                if end < 0:
                    self._keep(text[position:])
                    return
                position = end

    def _sequence(self, text: str, position: int) -> int:
        """Carries out the sequence at `position`; where it ends, or -1 if it is not complete yet."""
        if match := _CSI.match(text, position):
            self._sink.csi(match[1], match[2], match[3], match[4])
            return match.end()
        if text.startswith("\x1b[", position):
            return -1 if _CSI_OPEN.match(text, position) else self._broken_csi(text, position)
        string = _DCS if text.startswith("\x1bP", position) else _STRING
        if match := string.match(text, position):
            if match[match.lastindex or 0] in ("\x07", "\x1b\\"):
                self._sink.string(text[position + 1], match[1] if string is _DCS else match[2])
            # A string cut off by another sequence leaves that one's ESC unread.
            return match.end() - (match[match.lastindex or 0] == "\x1b")
        if _STRING_OPEN.match(text, position) or _ESCAPE_OPEN.match(text, position):
            return -1
        if match := _ESCAPE.match(text, position):
            self._sink.escape(match[1], match[2])
            return match.end()
        return position + 1

    def _broken_csi(self, text: str, position: int) -> int:
        """A control sequence with a control character inside: the control is executed, CAN, SUB and ESC cancel."""
        inner = position + 2
        while inner < len(text) and "\x20" <= text[inner] <= "\x3f":
            inner += 1
        if inner == len(text):
            return -1
        char = text[inner]
        if char in "\x18\x1a\x1b" or char >= "\x40":  # cancelled, or parameters in a wrong order: ignored whole
            return inner if char == "\x1b" else inner + 1
        self._sink.control(char)
        rest = text[position:inner] + text[inner + 1 :]
        end = self._sequence(rest, 0)
        return -1 if end < 0 else inner + 1 + end - (inner - position)
