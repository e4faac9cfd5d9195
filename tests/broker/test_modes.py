"""What two witnesses tell of a terminal's modes, and that a viewer gets them back."""

import pytest

from broker.modes import RESET, merge, restore
from bus.messages.commands import SendText, TakeSnapshot
from bus.messages.events import Config
from bus.messages.results import Done, Modes, Snapshot
from tests.broker.system import System
from tests.support import wait_until
from workers.pty.escapes import EscapeFollower

CONFIG = Config(
    font="Monaco 12",
    cursor_type="CURSOR_TYPE_VERTICAL",
    cursor_blink=True,
    scrollback=1000,
    foreground="#000000",
    background="#ffffff",
    cursor="#000000",
    selection_color="#000000",
    ansi_colors=("#000000",) * 16,
)


def test_iterm2_decides_what_it_tells() -> None:
    seen = Modes(alternate_screen=True, mouse=1003, keypad=True, cursor_keys=True, mouse_encoding=1015)
    variables = {"showingAlternateScreen": 0, "mouseReportingMode": 0, "applicationKeypad": 0}
    assert merge(seen, variables, None) == Modes(
        alternate_screen=False, mouse=1000, keypad=False, cursor_keys=True, mouse_encoding=1015
    )


@pytest.mark.parametrize("value", [-1, None, "x", 7])
def test_without_mouse_reporting_there_is_none(value: object) -> None:
    assert merge(Modes(mouse=1000), {"mouseReportingMode": value}, None).mouse == 0  # type: ignore[dict-item]


def test_the_profiles_cursor_holds_until_a_program_sets_one() -> None:
    assert merge(Modes(), {}, CONFIG).cursor_shape == 5
    assert merge(Modes(cursor_shape=0), {}, CONFIG).cursor_shape == 5
    assert merge(Modes(cursor_shape=2), {}, CONFIG).cursor_shape == 2


@pytest.mark.parametrize(
    "modes",
    [
        Modes(keypad=False),
        Modes(keypad=True, cursor_keys=True, bracketed_paste=True, focus_reporting=True),
        Modes(keypad=False, mouse=1002, mouse_encoding=1006, cursor_visible=False, autowrap=False, cursor_shape=3),
        Modes(keypad=False, mouse=1003, mouse_encoding=1015),
    ],
)
def test_what_is_restored_is_what_was(modes: Modes) -> None:
    """A follower of the repaint's bytes comes to the same modes."""
    follower = EscapeFollower()
    follower.take((RESET + restore(modes)).encode(), 0)
    for name in Modes.__struct_fields__:
        wanted, got = getattr(modes, name), getattr(follower.modes, name)
        assert bool(wanted) == bool(got) or (wanted is None and got is True), name
        assert not wanted or wanted == got, name


def test_a_snapshot_carries_the_modes_that_iterm2_does_not_tell(system: System) -> None:
    session_id = system.new_session().session_id
    system.wait_attached(session_id)
    command = "printf '\\033[?1h\\033[?2004h\\033[?1004h\\033[?1002h\\033[?1006h\\033[4 q'; read -r line\n"
    system.call(SendText(session_id=session_id), Done, command.encode())

    def snapshot() -> tuple[Snapshot, bytes] | None:
        result, repaint = system.call_with_payload(TakeSnapshot(session_id=session_id), Snapshot)
        return (result, repaint) if result.modes.focus_reporting and result.modes.mouse else None

    result, repaint = wait_until(snapshot, "the modes in a snapshot")
    assert result.modes.mouse == 1002
    follower = EscapeFollower()
    follower.take(repaint, 0)
    restored = follower.modes
    assert (restored.cursor_keys, restored.bracketed_paste, restored.focus_reporting) == (True, True, True)
    assert (restored.mouse, restored.mouse_encoding, restored.cursor_shape) == (1002, 1006, 4)
