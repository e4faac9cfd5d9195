"""How many columns characters take, and which ones join the character before them."""

from functools import lru_cache

from wcwidth import wcwidth

ZERO_WIDTH_JOINER = "\u200d"
EMOJI_PRESENTATION = "\ufe0f"
#: Longest cluster of one cell in characters; iTerm2 keeps some twenty UTF-16 units.
MAX_CLUSTER = 20


@lru_cache(maxsize=65536)
def char_width(char: str) -> int:
    """0 for marks that join the character before them, 2 for wide characters, else 1."""
    if char in (ZERO_WIDTH_JOINER, EMOJI_PRESENTATION):
        return 0
    if "\U0001f3fb" <= char <= "\U0001f3ff":  # skin tones: alone they are emoji, whatever the tables say
        return 2
    width = wcwidth(char)
    return width if width > 0 else 0


def joins(previous: str, char: str) -> bool:
    """Whether `char` belongs into the same cell as the cluster `previous`."""
    if not previous or len(previous) >= MAX_CLUSTER:
        return False
    if char_width(char) == 0 or previous[-1] == ZERO_WIDTH_JOINER:
        return True
    if "\U0001f3fb" <= char <= "\U0001f3ff":  # skin tones
        return previous > "\x7f" and char_width(previous[0]) == 2
    flag = "\U0001f1e6" <= char <= "\U0001f1ff"
    return flag and len(previous) == 1 and "\U0001f1e6" <= previous <= "\U0001f1ff"
