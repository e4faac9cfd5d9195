"""A cell's style -> the SGR sequence that sets it, whatever was set before. Pure."""

from broker.contents import Colour, Style

PLAIN = Style()

#: Style's attributes and their SGR numbers.
_FLAGS = (
    ("bold", "1"),
    ("faint", "2"),
    ("italic", "3"),
    ("underline", "4"),
    ("blink", "5"),
    ("invisible", "8"),
    ("strikethrough", "9"),
)


def sgr(style: Style, defaults: tuple[str, str] | None) -> str:
    """The sequence, with a reset in front. `defaults`: the default foreground and background as #rrggbb, if known.

    Inverse arrives with its colours already exchanged (iTerm2 sources/VT100/VT100GraphicRendition.m:505). Here they
    are exchanged back and the viewer is told to invert, so that it comes out right with another theme too.
    """
    codes = ["0", *(code for name, code in _FLAGS if getattr(style, name))]
    fg, bg = style.fg, style.bg
    if style.inverse:
        codes.append("7")
        fg, bg = _unreversed(bg), _unreversed(fg)
    elif fg == "reversed" and bg == "reversed":
        codes.append("7")
        fg = bg = None
    else:
        fg, bg = _resolve(fg, defaults, 1), _resolve(bg, defaults, 0)
    codes += _colour(fg, 30)
    codes += _colour(bg, 40)
    if style.underline_colour is not None:
        # With colons: a terminal that does not know 58 then skips all of it instead of taking its numbers for codes.
        codes.append("58:2::{}:{}:{}".format(*style.underline_colour))
    return f"\x1b[{';'.join(codes)}m"


def _unreversed(colour: Colour) -> Colour:
    return None if colour == "reversed" else colour


def _resolve(colour: Colour, defaults: tuple[str, str] | None, other: int) -> Colour:
    """A reversed default by its value, since no code names it."""
    if colour != "reversed":
        return colour
    if defaults is None:
        return None
    value = defaults[other]
    return (int(value[1:3], 16), int(value[3:5], 16), int(value[5:7], 16))


def _colour(colour: Colour, base: int) -> list[str]:
    """The codes of one side: `base` is 30 or 40. The default needs none after a reset."""
    if colour is None or isinstance(colour, str):
        return []
    if isinstance(colour, tuple):
        return [f"{base + 8};2;{colour[0]};{colour[1]};{colour[2]}"]
    if colour < 8:
        return [str(base + colour)]
    if colour < 16:
        return [str(base + 60 + colour - 8)]
    return [f"{base + 8};5;{colour}"]
