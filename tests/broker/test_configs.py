"""A viewer is told when the profile changes, whatever changed it, though iTerm2 cannot be asked to tell it.

The notification that would tell it aborts iTerm2 (sources/API/iTermAPIHelper.m:2112).
"""

from collections.abc import Iterator

import pytest

from broker import iterm2_look
from bus.messages.commands import GetConfig
from bus.messages.events import Config
from bus.messages.results import ConfigResult
from bus.subscriber import Subscriber
from tests.broker.host import Host
from tests.broker.system import System, wait_event
from tests.broker.user import set_profile, set_shared_profile

Pair = tuple[Host, System]

LIGHT, DARK = "#fafafa", "#15191f"


def colour(red: float, green: float, blue: float) -> dict[str, object]:
    parts = {"Red Component": red, "Green Component": green, "Blue Component": blue, "Alpha Component": 1}
    return parts | {"Color Space": "sRGB"}


@pytest.fixture
def configs(faulty: Pair) -> Iterator[Subscriber]:
    host, system = faulty
    with system.subscribe("config") as subscriber:
        yield subscriber
    host.fault("theme", theme="light")


def wait_config(configs: Subscriber, session_id: str, **wanted: object) -> Config:
    def is_it(body: object) -> bool:
        config = getattr(body, "config", None)
        of = getattr(body, "session_id", "")
        return of == session_id and all(getattr(config, key) == value for key, value in wanted.items())

    found: Config = wait_event(configs, is_it, f"event.config with {wanted}").config
    return found


def test_a_session_s_own_copy(faulty: Pair, configs: Subscriber) -> None:
    _, system = faulty
    changed, other = system.new_session().session_id, system.new_session().session_id
    before = system.call(GetConfig(session_id=other), ConfigResult).config
    values = {
        "Normal Font": "Menlo-Regular 14",
        "Cursor Type": 1,
        "Blinking Cursor": True,
        "Scrollback Lines": 5000,
        "Ansi 1 Color (Light)": colour(1, 0, 0),
    }
    system.as_user(lambda link: set_profile(link, changed, values))
    config = wait_config(
        configs,
        changed,
        font="Menlo-Regular 14",
        cursor_type="CURSOR_TYPE_VERTICAL",
        cursor_blink=True,
        scrollback=5000,
    )
    assert config.ansi_colors[1] == "#ff0000"
    assert system.call(GetConfig(session_id=other), ConfigResult).config == before


def test_unlimited_scrollback_is_a_number_to_the_viewer(faulty: Pair, configs: Subscriber) -> None:
    _, system = faulty
    session_id = system.new_session().session_id
    system.as_user(lambda link: set_profile(link, session_id, {"Unlimited Scrollback": True}))
    wait_config(configs, session_id, scrollback=100_000)


def test_the_profile_that_sessions_share(faulty: Pair, configs: Subscriber) -> None:
    _, system = faulty
    first, second = system.new_session().session_id, system.new_session().session_id
    profile = system.as_user(lambda link: iterm2_look.get_profile(link, first, ["Guid"]))
    system.as_user(lambda link: set_shared_profile(link, str(profile["Guid"]), {"Normal Font": "Menlo-Regular 9"}))
    # The one behind is read in its turn only.
    wait_config(configs, second, font="Menlo-Regular 9")
    with_first = system.call(GetConfig(session_id=first), ConfigResult).config
    assert with_first.font == "Menlo-Regular 9"


@pytest.mark.parametrize("lost", [0, 1])
def test_light_and_dark(faulty: Pair, configs: Subscriber, lost: int) -> None:
    """Also when the notification is lost."""
    host, system = faulty
    both, single = system.new_session().session_id, system.new_session().session_id
    values = {"Use Separate Colors for Light and Dark Mode": False, "Background Color": colour(0, 0, 1)}
    system.as_user(lambda link: set_profile(link, single, values))
    wait_config(configs, single, background="#0000ff")
    host.fault("notifications", drop=lost)
    try:
        for theme, background in (("dark highContrast", DARK), ("light", LIGHT)):
            host.fault("theme", theme=theme)
            wait_config(configs, both, background=background)
            assert system.call(GetConfig(session_id=single), ConfigResult).config.background == "#0000ff"
    finally:
        host.fault("notifications")
