"""Follows what a session's bytes say of the terminal's modes, and where its shell's marks are. Pure.

iTerm2's API does not tell application cursor keys, bracketed paste, focus reporting or the cursor's state, and nothing
in it ties a prompt to a place in the stream. The bytes that pass say both. Where no escape is, this costs one search.
"""

import re
from typing import NamedTuple

from msgspec import Struct

from bus.messages.fields import MarkState
from bus.messages.results import Modes

#: The longest sequence that is followed: a beginning of one at the end of a frame is kept this long.
_LONGEST = 512

_SEQUENCE = re.compile(
    rb"\x1b(?:"
    rb"\[\?(?P<private>[0-9;]{1,64})(?P<set>[hl])"
    rb"|(?P<keypad>[=>])"
    rb"|\[(?P<shape>[0-6]?) q"
    rb"|(?P<reset>c|\[!p)"
    rb"|\]133;(?P<mark>[ACD])(?:;(?P<status>[0-9]{1,3}))?[^\x07\x1b]{0,256}(?:\x07|\x1b\\)"
    rb")"
)

#: What may yet become one of them.
_BEGINNING = re.compile(
    rb"\x1b(?:\[(?:\?[0-9;]{0,64}|[0-6]? ?|!)?|\](?:1(?:3(?:3(?:;[^\x07\x1b]{0,300}\x1b?)?)?)?)?)?\Z"
)

_FLAGS = {
    1: "cursor_keys",
    7: "autowrap",
    25: "cursor_visible",
    47: "alternate_screen",
    1004: "focus_reporting",
    1047: "alternate_screen",
    1049: "alternate_screen",
    2004: "bracketed_paste",
}
_MOUSE = frozenset({9, 1000, 1001, 1002, 1003})
_MOUSE_ENCODINGS = frozenset({1005, 1006, 1015, 1016})

#: After RIS, ESC c, all of them are what a terminal starts with (DEC STD 070; xterm's ctlseqs).
_INITIAL: dict[str, bool | int | None] = {
    "alternate_screen": False,
    "cursor_keys": False,
    "keypad": False,
    "bracketed_paste": False,
    "focus_reporting": False,
    "cursor_visible": True,
    "autowrap": True,
    "mouse": 0,
    "mouse_encoding": 0,
    "cursor_shape": 0,
}

#: DECSTR, CSI ! p, resets these only.
_SOFT_RESET = ("cursor_keys", "keypad", "cursor_visible")

#: OSC 133: A begins a prompt, C the output of a command, D ends it (iTerm2's shell integration).
_MARKS: dict[bytes, MarkState] = {b"A": "prompt", b"C": "running", b"D": "finished"}


class Marked(NamedTuple):
    """A mark, its place and the exit status that it told.

    The place of `prompt` and `running` is the byte after the mark, where the prompt or the output begins; that of
    `finished` is the mark's first byte, where the output has ended.
    """

    state: MarkState
    offset: int
    status: int | None


class Followed(Struct, frozen=True, array_like=True):
    """What was found in the bytes before `offset`, for a follower that goes on there."""

    offset: int
    values: dict[str, bool | int | None]
    marks: tuple[Marked, ...]


class EscapeFollower:
    """Follows one epoch of a stream from its first byte, or from where another follower was."""

    def __init__(self, before: Followed | None = None) -> None:
        self._values: dict[str, bool | int | None] = {}
        self._rest = b""
        self._marks: dict[MarkState, Marked] = {}
        if before is not None:
            self._values.update((name, value) for name, value in before.values.items() if name in _INITIAL)
            self._marks.update((mark.state, mark) for mark in before.marks)

    def followed(self, offset: int) -> Followed:
        """What was found up to `offset`, the next byte to take; a sequence that is not whole is left to the next."""
        return Followed(offset - len(self._rest), dict(self._values), tuple(self._marks.values()))

    @property
    def modes(self) -> Modes:
        """What was said of the modes so far."""
        return Modes(**self._values)  # type: ignore[arg-type]

    def newest(self, state: MarkState) -> Marked | None:
        """The newest mark of a kind."""
        return self._marks.get(state)

    def take(self, data: bytes, offset: int) -> bool:
        """Takes the next bytes of the stream, the first of which is byte `offset`. Whether anything was found."""
        if not self._rest and b"\x1b" not in data:
            return False
        start = offset - len(self._rest)
        data = self._rest + data
        end = 0
        for match in _SEQUENCE.finditer(data):
            end = match.end()
            self._apply(match, start)
        tail = data.rfind(b"\x1b", max(end, len(data) - _LONGEST))
        # A string's end, ESC \, has an escape of its own: the sequence begins at the one before.
        before = data.rfind(b"\x1b", max(end, len(data) - _LONGEST), tail) if tail > 0 else -1
        self._rest = next((data[at:] for at in (before, tail) if at >= 0 and _BEGINNING.match(data, at)), b"")
        return end > 0

    def _apply(self, match: "re.Match[bytes]", start: int) -> None:
        found = match.groupdict()
        if found["private"] is not None:
            for number in found["private"].split(b";"):
                if number:
                    self._set_private(int(number), found["set"] == b"h")
        elif found["keypad"] is not None:
            self._values["keypad"] = found["keypad"] == b"="
        elif found["shape"] is not None:
            self._values["cursor_shape"] = int(found["shape"] or b"0")
        elif found["reset"] is not None:
            names = _INITIAL if found["reset"] == b"c" else _SOFT_RESET
            self._values.update((name, _INITIAL[name]) for name in names)
        else:
            self._mark(_MARKS[found["mark"]], start + match.start(), start + match.end(), found["status"])

    def _mark(self, state: MarkState, first: int, after: int, status: bytes | None) -> None:
        if state == "finished":
            self._marks[state] = Marked(state, first, None if status is None else int(status))
        else:
            self._marks[state] = Marked(state, after, None)

    def _set_private(self, number: int, on: bool) -> None:
        if number in _FLAGS:
            self._values[_FLAGS[number]] = on
        elif number in _MOUSE:
            self._values["mouse"] = number if on else 0
        elif number in _MOUSE_ENCODINGS:
            self._values["mouse_encoding"] = number if on else 0
