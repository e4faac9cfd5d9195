"""Keys by the names that tmux gives them, as the bytes that a terminal sends. Pure."""

import re

from itermbus.mistakes import Mistake

#: Cursor keys as they are unless a program has asked for their application codes.
KEYS = {
    "Enter": b"\r",
    "Tab": b"\t",
    "BTab": b"\x1b[Z",
    "Escape": b"\x1b",
    "Space": b" ",
    "BSpace": b"\x7f",
    "Up": b"\x1b[A",
    "Down": b"\x1b[B",
    "Right": b"\x1b[C",
    "Left": b"\x1b[D",
    "Home": b"\x1b[H",
    "End": b"\x1b[F",
    "IC": b"\x1b[2~",
    "DC": b"\x1b[3~",
    "PageUp": b"\x1b[5~",
    "PageDown": b"\x1b[6~",
}

_CONTROL = re.compile(r"(?:C-|\^)([a-zA-Z\[\]\\^_@?])")
_BY_NAME = {name.lower(): code for name, code in KEYS.items()}


def code(name: str) -> bytes:
    """The bytes of a key: a name of `KEYS`, C-x, M-x, or one character. Raises `Mistake`."""
    found = _CONTROL.fullmatch(name)
    if found is not None:
        return b"\x7f" if found[1] == "?" else bytes([ord(found[1].upper()) & 0x1F])
    if name.lower() in _BY_NAME:
        return _BY_NAME[name.lower()]
    if len(name) > 2 and name[:2] == "M-":
        return b"\x1b" + code(name[2:])
    if len(name) == 1:
        return name.encode("utf-8", "surrogateescape")
    raise Mistake(f"{name!r} is no key. There are C-x, M-x, one character, {', '.join(KEYS)}.")
