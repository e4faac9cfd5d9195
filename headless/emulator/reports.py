"""Questions of programs to their terminal, and the answers that the host types."""

from typing import TYPE_CHECKING

from headless.config import APP_VERSION
from headless.emulator import modes
from headless.emulator.cursor import Numbers

if TYPE_CHECKING:
    from headless.emulator.terminal import Terminal

#: `CSI c`: a VT420 without sixel graphics (iTerm2 adds 4), since the host shows no images.
_PRIMARY_ATTRIBUTES = "\x1b[?64;1;2;6;17;18;21;22c"
#: `CSI > c` of iTerm2: a VT420, xterm version 2500.
_SECONDARY_ATTRIBUTES = "\x1b[>41;2500;0c"


def device_control(terminal: "Terminal", body: str) -> None:
    """DCS: only DECRQSS is answered, for the cursor's shape, the style and the scroll region."""
    if not body.startswith("$q"):
        return
    grid = terminal.grid
    known = {" q": f"{terminal.cursor_shape} q", "m": "0m", "r": f"{grid.top + 1};{grid.bottom + 1}r"}
    answer = known.get(body[2:])
    terminal.reply(f"\x1bP1$r{answer}\x1b\\" if answer else "\x1bP0$r\x1b\\")


def report_status(terminal: "Terminal", numbers: Numbers) -> None:
    """DSR 5 and CPR."""
    if numbers[0] == 5:
        terminal.reply("\x1b[0n")
    elif numbers[0] == 6:
        terminal.reply(f"\x1b[{_reported_row(terminal)};{terminal.grid.column() + 1}R")


def report_private_status(terminal: "Terminal", numbers: Numbers) -> None:
    """DECXCPR."""
    if numbers[0] == 6:
        terminal.reply(f"\x1b[?{_reported_row(terminal)};{terminal.grid.column() + 1}R")


def _reported_row(terminal: "Terminal") -> int:
    return terminal.grid.y + 1 - (terminal.grid.top if terminal.origin else 0)


def report_private_mode(terminal: "Terminal", numbers: Numbers) -> None:
    """DECRQM: 1 set, 2 reset, 0 not known."""
    number = numbers[0]
    known = number in (6, 7, 47, 1047, 1048, 1049, *modes.MOUSE_MODES, *modes.REMEMBERED)
    state = (1 if number in terminal.flags else 2) if known else 0
    terminal.reply(f"\x1b[?{number};{state}$y")


def report_attributes(terminal: "Terminal", numbers: Numbers) -> None:
    """Primary device attributes."""
    if numbers[0] == 0:
        terminal.reply(_PRIMARY_ATTRIBUTES)


def report_secondary_attributes(terminal: "Terminal", numbers: Numbers) -> None:
    """Secondary device attributes."""
    if numbers[0] == 0:
        terminal.reply(_SECONDARY_ATTRIBUTES)


def report_version(terminal: "Terminal", numbers: Numbers) -> None:
    """XTVERSION."""
    if numbers[0] == 0:
        terminal.reply(f"\x1bP>|iTerm2 {APP_VERSION}\x1b\\")


def report_size(terminal: "Terminal", numbers: Numbers) -> None:
    """XTWINOPS: only the size in cells is reported; programs do not move or resize windows here."""
    if numbers[0] == 18:
        terminal.reply(f"\x1b[8;{terminal.rows};{terminal.columns}t")
