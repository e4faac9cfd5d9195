"""The key that ends `itermbus attach`, as it is named and as terminals send it. Pure."""

import re
from dataclasses import dataclass

from itermbus.mistakes import Mistake

_NAME = re.compile(r"(?:\^|c-|ctrl-)([a-z\[\]\\^_@])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DetachKey:
    """`name` is for people. `codes` are the ways in which terminals send it."""

    name: str
    codes: tuple[bytes, ...]

    def split(self, typed: bytes) -> tuple[bytes, bool]:
        """What was typed before the key, and whether the key is in it."""
        places = [place for code in self.codes if (place := typed.find(code)) >= 0]
        return (typed[: min(places)], True) if places else (typed, False)


def parse(text: str) -> DetachKey:
    """The key that `text` names: ctrl-], C-], ^]. Raises `Mistake`."""
    found = _NAME.fullmatch(text)
    if found is None:
        raise Mistake(f"--detach-key {text!r}: give a key with Ctrl, such as ctrl-] or ctrl-q")
    key = found[1].lower()
    # Programs can have the terminal send keys by their numbers (kitty's protocol, xterm's modifyOtherKeys).
    numbered = (f"\x1b[{ord(key)};5u".encode(), f"\x1b[27;5;{ord(key)}~".encode())
    return DetachKey(f"Ctrl-{key.upper()}", (bytes([ord(key.upper()) & 0x1F]), *numbered))
