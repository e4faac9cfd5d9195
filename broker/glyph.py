"""What to write for a cell, and how many cells a viewer takes for it. Pure."""

from wcwidth import wcwidth

#: Control characters become blanks: contents must not be able to steer the viewer's terminal.
BLANKS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), " ")

#: Characters of two cells by today's tables and of one by older ones stand between these; so do all astral ones.
_DOUBTFUL_FIRST, _DOUBTFUL_LAST = "\u2300", "\u2bff"

#: What makes a narrow character a wide emoji; and two of these letters are a flag.
_EMOJI_STYLE = "\ufe0f"
_FLAG_LETTERS = frozenset(map(chr, range(0x1F1E6, 0x1F200)))


def glyph(cell: str) -> tuple[str, int]:
    """What to write for a cell and how many cells a viewer takes for it: tabs, fillers, nulls and images are blanks."""
    text = cell.translate(BLANKS)
    if not text.strip():
        return " ", 1
    width = wcwidth(text[0])
    if len(text) > 1 and width == 1 and (_EMOJI_STYLE in text or text[0] in _FLAG_LETTERS):
        width = 2
    if width <= 0:
        # A mark without a character of its own would join the cell before.
        return " " + text, 1
    return text, width


def is_doubtful(text: str) -> bool:
    """Whether viewers may disagree about the width of `text`, so that the next cell needs its place named."""
    return len(text) > 1 or text > "\uffff" or (_DOUBTFUL_FIRST <= text <= _DOUBTFUL_LAST and wcwidth(text) == 2)


def widest(text: str) -> int:
    """The most cells that a viewer may take for `text`: some draw each part of an emoji by itself."""
    parts = sum(2 if char > "\uffff" else max(wcwidth(char), 0) for char in text)
    return max(parts, 2) if _EMOJI_STYLE in text else parts
