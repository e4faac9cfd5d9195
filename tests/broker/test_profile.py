import math

import pytest

from broker.model import Json
from broker.profile import KEYS, is_browser, read_colour, read_config


def colour(red: float, green: float, blue: float, space: str = "sRGB") -> Json:
    return {"Red Component": red, "Green Component": green, "Blue Component": blue, "Color Space": space}


SEPARATE = "Use Separate Colors for Light and Dark Mode"


def test_an_empty_profile_is_iterm2s_default() -> None:
    config = read_config({}, "light")
    assert config.font == "Monaco 12"
    assert (config.cursor_type, config.cursor_blink) == ("CURSOR_TYPE_BLOCK", False)
    assert config.scrollback == 1000
    assert (config.foreground, config.background, config.cursor) == ("#101010", "#fafafa", "#000000")
    assert len(config.ansi_colors) == 16
    assert config.ansi_colors[1] == "#b43c2a"


@pytest.mark.parametrize(
    ("number", "name"), [(0, "CURSOR_TYPE_UNDERLINE"), (1, "CURSOR_TYPE_VERTICAL"), (2, "CURSOR_TYPE_BLOCK")]
)
def test_cursor_types(number: int, name: str) -> None:
    assert read_config({"Cursor Type": number}, "").cursor_type == name


@pytest.mark.parametrize(("sent", "is_set"), [(1, True), (0, False), (True, True), (False, False), ("x", False)])
def test_flags_become_booleans(sent: Json, is_set: bool) -> None:
    blink = read_config({"Blinking Cursor": sent}, "").cursor_blink
    assert blink is is_set


def test_unlimited_scrollback_is_a_number_too() -> None:
    assert read_config({"Scrollback Lines": 5, "Unlimited Scrollback": 0}, "").scrollback == 5
    assert read_config({"Scrollback Lines": 5, "Unlimited Scrollback": 1}, "").scrollback == 100_000


@pytest.mark.parametrize(
    ("theme", "foreground"), [("dark", "#0000ff"), ("dark highContrast", "#0000ff"), ("light minimal", "#00ff00")]
)
def test_the_theme_picks_among_separate_colours(theme: str, foreground: str) -> None:
    profile = {
        SEPARATE: 1,
        "Foreground Color": colour(1, 0, 0),
        "Foreground Color (Light)": colour(0, 1, 0),
        "Foreground Color (Dark)": colour(0, 0, 1),
    }
    assert read_config(profile, theme).foreground == foreground


def test_suffixed_keys_prove_nothing_when_colours_are_not_separate() -> None:
    profile = {SEPARATE: 0, "Ansi 3 Color": colour(1, 0, 0), "Ansi 3 Color (Dark)": colour(0, 0, 1)}
    assert read_config(profile, "dark").ansi_colors[3] == "#ff0000"


def test_without_the_suffixed_key_the_base_key_serves() -> None:
    assert read_config({SEPARATE: 1, "Ansi 3 Color": colour(1, 0, 0)}, "dark").ansi_colors[3] == "#ff0000"


def test_p3_is_converted_and_clamped() -> None:
    assert read_colour(colour(1, 0, 0, "P3")) == "#ff0000"
    assert read_colour(colour(1, 1, 1, "P3")) == "#ffffff"
    assert read_colour(colour(0.4, 0.4, 0.4, "P3")) == "#666666"
    assert read_colour(colour(0.4, 0.6, 0.4, "P3")) == read_colour(colour(*_p3(0.4, 0.6, 0.4)))


def _p3(*components: float) -> tuple[float, float, float]:
    """An independent way: through CIE XYZ by the primaries of both spaces."""
    to_xyz = ((0.48657095, 0.26566769, 0.19821729), (0.22897456, 0.69173852, 0.07928691), (0.0, 0.04511338, 1.04394437))
    from_xyz = (
        (3.24096994, -1.53738318, -0.49861076),
        (-0.96924364, 1.8759675, 0.04155506),
        (0.05563008, -0.20397696, 1.05697151),
    )
    linear = [((part + 0.055) / 1.055) ** 2.4 for part in components]
    xyz = [sum(a * b for a, b in zip(row, linear, strict=True)) for row in to_xyz]
    rgb = [sum(a * b for a, b in zip(row, xyz, strict=True)) for row in from_xyz]
    red, green, blue = (1.055 * part ** (1 / 2.4) - 0.055 for part in rgb)
    return red, green, blue


def test_components_out_of_range_are_clamped() -> None:
    assert read_colour(colour(-0.5, 1.5, 0.5)) == "#00ff80"


@pytest.mark.parametrize("value", [None, 1, "red", [], {}, {"Red Component": 1}, colour(math.nan, 0, 0)])
def test_what_is_no_colour(value: Json) -> None:
    assert read_colour(value) is None
    assert read_config({"Cursor Color": value}, "light").cursor == "#000000"


@pytest.mark.parametrize("value", [math.nan, math.inf, "many", None, {}])
def test_numbers_that_are_none_become_defaults(value: Json) -> None:
    config = read_config({"Scrollback Lines": value, "Cursor Type": value}, "")
    assert (config.scrollback, config.cursor_type) == (1000, "CURSOR_TYPE_BLOCK")


def test_a_browser_is_known_by_its_command() -> None:
    assert is_browser({"Custom Command": "Browser"})
    assert not is_browser({"Custom Command": "Yes"})
    assert "Custom Command" in KEYS
