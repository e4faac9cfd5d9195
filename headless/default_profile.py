"""The profile that a new user of iTerm2 has (plists/DefaultBookmark.plist) over the defaults in its code.

Sources: iTerm2 sources/Settings/iTermProfilePreferences.m:862-1210, plists/DefaultBookmark.plist.
"""

from collections.abc import Iterator

Value = object
RGB = tuple[float, float, float]

_ANSI: tuple[RGB, ...] = (
    (0.078431, 0.098039, 0.117647),
    (0.707443, 0.236601, 0.163000),
    (0.0, 0.760784, 0.0),
    (0.780586, 0.769595, 0.0),
    (0.154043, 0.264744, 0.782162),
    (0.752197, 0.249317, 0.744944),
    (0.0, 0.774259, 0.781662),
    (0.781040, 0.781058, 0.781048),
    (0.407818, 0.407828, 0.407822),
    (0.865952, 0.475241, 0.458332),
    (0.345007, 0.904282, 0.565419),
    (0.925903, 0.883378, 0.0),
    (0.653491, 0.670447, 0.948532),
    (0.882156, 0.492727, 0.882156),
    (0.375975, 0.992633, 1.0),
    (0.999996, 1.0, 1.0),
)

#: Key to the colour in the base and light variants, and in the dark one.
_PAIRED: dict[str, tuple[RGB, RGB]] = {
    "Foreground Color": ((0.062745,) * 3, (0.861979, 0.862000, 0.861989)),
    "Background Color": ((0.98,) * 3, (0.080688, 0.099111, 0.121033)),
    "Bold Color": ((0.062745,) * 3, (0.999996, 1.0, 1.0)),
    "Cursor Color": ((0.0,) * 3, (0.999976, 1.0, 0.999987)),
    "Cursor Text Color": ((1.0,) * 3, (0.0,) * 3),
    "Selection Color": ((0.701961, 0.843137, 1.0),) * 2,
    "Selected Text Color": ((0.0,) * 3,) * 2,
    "Link Color": ((0.198024, 0.557898, 0.933716),) * 2,
}

_PLAIN: dict[str, Value] = {
    "Name": "Default",
    "Description": "Default",
    "Normal Font": "Monaco 12",
    "Non Ascii Font": "Monaco 12",
    "Use Non-ASCII Font": False,
    "Horizontal Spacing": 1,
    "Vertical Spacing": 1,
    "Use Bold Font": True,
    "Use Italic Font": True,
    "Use Bright Bold": True,
    "Brighten Bold Text": True,
    "Minimum Contrast": 0,
    "Faint Text Alpha": 0.5,
    "Cursor Boost": 0,
    "Columns": 80,
    "Rows": 25,
    "Scrollback Lines": 1000,
    "Unlimited Scrollback": False,
    "Scrollback With Status Bar": True,
    "Scrollback in Alternate Screen": True,
    "Cursor Type": 2,
    "Blinking Cursor": False,
    "Smart Cursor Color": False,
    "Use Cursor Guide": False,
    "Transparency": 0,
    "Blend": 0.5,
    "Blur": False,
    "Blur Radius": 2,
    "Only The Default BG Color Uses Transparency": False,
    "Background Image Location": "",
    "Use Tab Color": False,
    "Use Underline Color": False,
    "Use Selected Text Color": True,
    "Harmonize 256 Colors": False,
    "Blink Allowed": False,
    "ASCII Anti Aliased": True,
    "Non-ASCII Anti Aliased": True,
    "ASCII Ligatures": False,
    "Non-ASCII Ligatures": False,
    "Thin Strokes": 4,
    "Ambiguous Double Width": False,
    "Unicode Version": 8,
    "Unicode Normalization": 0,
    "Character Encoding": 4,
    "Terminal Type": "xterm",
    "Custom Command": "No",
    "Command": "",
    "Initial Text": "",
    "Custom Directory": "No",
    "Working Directory": "",
    "Close Sessions On End": 1,
    "Session Close Undo Timeout": 5,
    "Prompt Before Closing 2": 0,
    "Mouse Reporting": True,
    "Mouse Reporting allow mouse wheel": True,
    "Mouse Reporting allow clicks and drags": True,
    "Option Key Sends": 0,
    "Right Option Key Sends": 0,
    "Application Keypad Allowed": True,
    "Allow Title Setting": True,
    "Allow Title Reporting": False,
    "Disable Window Resizing": True,
    "Silence Bell": False,
    "Visual Bell": True,
    "Flashing Bell": False,
    "Badge Text": "",
    "Subtitle": "",
    "Tags": [],
    "Window Type": 0,
    "Screen": -1,
    "Space": 0,
    "Shortcut": "",
    "Title Components": 2,
    "Send Code When Idle": False,
    "Idle Code": 0,
    "Set Local Environment Vars": 1,
    "Place Prompt at First Column": True,
    "Show Mark Indicators": True,
    "Keyboard Map": {},
    "Triggers": [],
    "Use Separate Colors for Light and Dark Mode": True,
}

#: Plain keys that exist with the two suffixes too.
_SUFFIXED_PLAIN = (
    "Use Cursor Guide",
    "Use Tab Color",
    "Use Selected Text Color",
    "Use Underline Color",
    "Smart Cursor Color",
    "Minimum Contrast",
    "Faint Text Alpha",
    "Cursor Boost",
    "Use Bright Bold",
    "Brighten Bold Text",
    "Harmonize 256 Colors",
)
LIGHT = " (Light)"
DARK = " (Dark)"


def color(rgb: RGB, alpha: float = 1, space: str = "sRGB") -> dict[str, Value]:
    """A colour as profiles hold it."""
    red, green, blue = rgb
    return {
        "Red Component": red,
        "Green Component": green,
        "Blue Component": blue,
        "Alpha Component": alpha,
        "Color Space": space,
    }


def _colors() -> Iterator[tuple[str, Value]]:
    for key, (light, dark) in _PAIRED.items():
        yield from ((key, color(light)), (key + LIGHT, color(light)), (key + DARK, color(dark)))
    for suffix in ("", LIGHT, DARK):
        dark_side = suffix == DARK
        for index, rgb in enumerate(_ANSI):
            yield f"Ansi {index} Color{suffix}", color(rgb)
        guide = (0.376496, 0.802326, 0.940990) if dark_side else (0.523383, 0.772177, 0.853193)
        badge = (0.978744, 0.652186, 0.652186) if dark_side else (0.746139, 0.116106, 0.116106)
        yield "Cursor Guide Color" + suffix, color(guide, 0.25)
        yield "Badge Color" + suffix, color(badge, 0.5)
        yield "Match Background Color" + suffix, color((1.0, 1.0, 0.0), space="Calibrated")
        yield "IME Cursor Color" + suffix, color((0.93, 0.80, 0.0))


def defaults() -> dict[str, Value]:
    """All known keys whose value is not nil; `Guid` is the installation's own and not among them."""
    result = dict(_PLAIN)
    for key in _SUFFIXED_PLAIN:
        result[key + LIGHT] = result[key + DARK] = _PLAIN[key]
    result.update(_colors())
    return result
