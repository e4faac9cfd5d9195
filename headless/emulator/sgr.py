"""SGR: parameters to a style."""

from collections.abc import Iterator
from functools import lru_cache

from headless.emulator.cells import DEFAULT_STYLE, Color, Style

_ON = {1: "bold", 2: "faint", 3: "italic", 4: "underline", 5: "blink", 6: "blink", 7: "inverse", 8: "invisible"}
_ON[9] = "strikethrough"
_ON[21] = "underline"
_OFF = {23: "italic", 24: "underline", 25: "blink", 27: "inverse", 28: "invisible", 29: "strikethrough"}


@lru_cache(maxsize=4096)  # programs repeat themselves: nearly every call is answered from here
def apply(style: Style, parameters: str) -> Style:
    """The style after `CSI parameters m`. Sub-parameters (`4:3`, `38:2::1:2:3`) are understood."""
    if not parameters:
        return DEFAULT_STYLE
    fields: dict[str, object] = style._asdict()
    groups = iter(parameters.split(";"))
    for group in groups:
        first, *rest = group.split(":")
        code = _number(first)
        if code == 0:
            fields = DEFAULT_STYLE._asdict()
        elif code == 4 and rest:
            fields["underline"] = _number(rest[0]) != 0
        elif code in _ON:
            fields[_ON[code]] = True
        elif code == 22:
            fields["bold"] = fields["faint"] = False
        elif code in _OFF:
            fields[_OFF[code]] = False
        else:
            _apply_color(fields, code, rest, groups)
    return Style(**fields)  # type: ignore[arg-type]  # the fields are Style's own


def _apply_color(fields: dict[str, object], code: int, rest: list[str], groups: Iterator[str]) -> None:
    if 30 <= code <= 37:
        fields["fg"] = code - 30
    elif 40 <= code <= 47:
        fields["bg"] = code - 40
    elif 90 <= code <= 97:
        fields["fg"] = code - 82
    elif 100 <= code <= 107:
        fields["bg"] = code - 92
    elif code in (39, 49):
        fields["fg" if code == 39 else "bg"] = None
    elif code == 59:
        fields["underline_color"] = None
    elif code in (38, 48, 58):
        found, color = _extended(rest, groups)
        if found and code != 58:
            fields["fg" if code == 38 else "bg"] = color
        elif found and isinstance(color, tuple):
            fields["underline_color"] = color


def _extended(rest: list[str], groups: Iterator[str]) -> tuple[bool, Color]:
    """The colour after 38, 48 or 58: from sub-parameters, else from the parameters that follow."""
    if rest:
        kind, values = _number(rest[0]), [_number(value) for value in rest[1:]]
        if kind == 2 and len(values) >= 4:  # 38:2:<colour space>:r:g:b
            values = values[1:]
    else:
        kind = _number(next(groups, ""))
        values = [_number(next(groups, "")) for _ in range({5: 1, 2: 3}.get(kind, 0))]
    if kind == 5 and values and values[0] <= 255:
        return True, values[0]
    if kind == 2 and len(values) >= 3 and max(values[:3]) <= 255:
        return True, (values[0], values[1], values[2])
    return False, None


def _number(text: str) -> int:
    return int(text[:9]) if text.isdecimal() else 0
