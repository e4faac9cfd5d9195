"""A session's profile -> the bus's `Config`. Pure.

Keys and defaults are iTerm2's (sources/Settings/Profiles/ITAddressBookMgr.h:38, plists/DefaultBookmark.plist). What
is missing or of a wrong type becomes its default: a viewer must get something that it can draw.
"""

import math
from collections.abc import Mapping
from typing import Literal

from broker.model import Json
from bus.messages.events import Config

CursorType = Literal["CURSOR_TYPE_BLOCK", "CURSOR_TYPE_UNDERLINE", "CURSOR_TYPE_VERTICAL"]

#: `Cursor Type`, sources/Drawing/iTermCursor.h:7.
_CURSORS: dict[int, CursorType] = {0: "CURSOR_TYPE_UNDERLINE", 1: "CURSOR_TYPE_VERTICAL", 2: "CURSOR_TYPE_BLOCK"}

#: What `scrollback` says of a profile with unlimited scrollback: today's Node client takes a number.
UNLIMITED_SCROLLBACK = 100_000

_SEPARATE = "Use Separate Colors for Light and Dark Mode"

#: plists/DefaultBookmark.plist as #rrggbb; the base keys are equal to the light ones.
_ANSI = (
    *("#14191e", "#b43c2a", "#00c200", "#c7c400", "#2744c7", "#c040be", "#00c5c7", "#c7c7c7"),
    *("#686868", "#dd7975", "#58e790", "#ece100", "#a7abf2", "#e17ee1", "#60fdff", "#ffffff"),
)
_LIGHT = {"Foreground": "#101010", "Background": "#fafafa", "Cursor": "#000000", "Selection": "#b3d7ff"}
_DARK = {"Foreground": "#dcdcdc", "Background": "#15191f", "Cursor": "#ffffff", "Selection": "#b3d7ff"}

_COLOURS = [*(f"{name} Color" for name in _LIGHT), *(f"Ansi {number} Color" for number in range(16))]

#: What to ask iTerm2 for: some 70 of about 300 keys. `Custom Command` tells a browser session.
KEYS: tuple[str, ...] = (
    "Normal Font",
    "Cursor Type",
    "Blinking Cursor",
    "Scrollback Lines",
    "Unlimited Scrollback",
    "Custom Command",
    _SEPARATE,
    *(f"{key}{suffix}" for key in _COLOURS for suffix in ("", " (Light)", " (Dark)")),
)

# Display P3 to sRGB, both D65, on linear components (CSS Color Module Level 4, section 10.12).
_P3_TO_SRGB = (
    (1.2249401763, -0.2249401763, 0.0),
    (-0.0420569547, 1.0420569547, 0.0),
    (-0.0196375546, -0.0786360456, 1.0982736001),
)


def read_config(profile: Mapping[str, Json], theme: str) -> Config:
    """The part of a profile that a viewer needs.

    `theme` is the app's variable `effectiveTheme`: words joined by spaces, `dark` or `light` among them
    (sources/Language/iTermGlobalScopeController.m:108).
    """
    dark = "dark" in theme.split()
    unlimited = read_flag(profile.get("Unlimited Scrollback"), default=False)
    lines = profile.get("Scrollback Lines")
    return Config(
        font=_text(profile.get("Normal Font"), "Monaco 12"),
        cursor_type=_cursor(profile.get("Cursor Type")),
        cursor_blink=read_flag(profile.get("Blinking Cursor"), default=False),
        scrollback=UNLIMITED_SCROLLBACK if unlimited else _lines(lines),
        foreground=_pick(profile, "Foreground", dark),
        background=_pick(profile, "Background", dark),
        cursor=_pick(profile, "Cursor", dark),
        selection_color=_pick(profile, "Selection", dark),
        ansi_colors=tuple(_pick_colour(profile, f"Ansi {n} Color", dark, default) for n, default in enumerate(_ANSI)),
    )


def is_browser(profile: Mapping[str, Json]) -> bool:
    """Whether the session shows a web page: it has no terminal."""
    return profile.get("Custom Command") == "Browser"


def read_flag(value: Json, *, default: bool) -> bool:
    """A boolean of iTerm2's, which arrives as 1 or 0 (sources/Categories/NSJSONSerialization+iTerm.m:16)."""
    return bool(value) if isinstance(value, (bool, int, float)) else default


def _text(value: Json, default: str) -> str:
    return value if isinstance(value, str) and value else default


def _number(value: object) -> float | None:
    """A finite number: JSON as Python reads it also has NaN and Infinity."""
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None


def _cursor(value: Json) -> CursorType:
    number = _number(value)
    return "CURSOR_TYPE_BLOCK" if number is None else _CURSORS.get(int(number), "CURSOR_TYPE_BLOCK")


def _lines(value: Json) -> int:
    number = _number(value)
    return 1000 if number is None else max(int(number), 0)


def _pick(profile: Mapping[str, Json], name: str, dark: bool) -> str:
    """A colour whose default differs between light and dark; a profile without separate colours has the light one."""
    separate = read_flag(profile.get(_SEPARATE), default=False)
    defaults = _DARK if dark and separate else _LIGHT
    return _pick_colour(profile, f"{name} Color", dark, defaults[name])


def _pick_colour(profile: Mapping[str, Json], key: str, dark: bool, default: str) -> str:
    """The colour in force: with separate colours the suffixed key, else the base key, whatever else the answer
    holds (sources/Settings/iTermProfilePreferences.m:1246)."""
    if read_flag(profile.get(_SEPARATE), default=False):
        chosen = read_colour(profile.get(f"{key} (Dark)" if dark else f"{key} (Light)"))
        if chosen is not None:
            return chosen
    return read_colour(profile.get(key)) or default


def read_colour(value: Json) -> str | None:
    """iTerm2's colour object as `#rrggbb` in sRGB, None for what is no colour.

    A missing space is Calibrated (iterm2/color.py:246), which is taken as sRGB: the difference is a shade, and the
    display's own profile decides about it.
    """
    if not isinstance(value, dict):
        return None
    parts = [value.get(f"{name} Component") for name in ("Red", "Green", "Blue")]
    numbers = [number for number in map(_number, parts) if number is not None]
    if len(numbers) != 3:
        return None
    if value.get("Color Space") == "P3":
        numbers = _p3_to_srgb(numbers)
    return "#" + "".join(f"{_byte(number):02x}" for number in numbers)


def _p3_to_srgb(components: list[float]) -> list[float]:
    linear = [_linear(component) for component in components]
    return [_encoded(sum(factor * part for factor, part in zip(row, linear, strict=True))) for row in _P3_TO_SRGB]


def _linear(component: float) -> float:
    """Both spaces have the transfer function of sRGB (IEC 61966-2-1)."""
    return component / 12.92 if component <= 0.04045 else ((component + 0.055) / 1.055) ** 2.4


def _encoded(component: float) -> float:
    return component * 12.92 if component <= 0.0031308 else 1.055 * component ** (1 / 2.4) - 0.055


def _byte(component: float) -> int:
    return round(min(max(component, 0.0), 1.0) * 255)
