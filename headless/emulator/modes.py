"""Setting and resetting modes (SM, RM, DECSET, DECRST)."""

from typing import TYPE_CHECKING

from headless.emulator.cells import DEFAULT_STYLE

if TYPE_CHECKING:
    from headless.emulator.terminal import Terminal

#: DECSET number to iTerm2's mouse reporting mode (sources/VT100/VT100TerminalDelegate.h:30).
MOUSE_MODES = {1000: 0, 1001: 1, 1002: 2, 1003: 3}
#: Modes that change nothing here but are remembered, so that DECRQM answers truly.
REMEMBERED = frozenset((1, 5, 12, 25, 45, 66, 1004, 1005, 1006, 1015, 2004, 2026))


def set_ansi(terminal: "Terminal", number: int, on: bool) -> None:
    """SM and RM."""
    if number == 4:
        terminal.insert = on
    elif number == 20:
        terminal.newline = on


def set_private(terminal: "Terminal", number: int, on: bool) -> None:
    """DECSET and DECRST; numbers that are not known are ignored."""
    if number == 6:
        terminal.origin = on
        terminal.grid.move_to(0, terminal.grid.top if on else 0)
    elif number == 7:
        terminal.autowrap = on
    elif number in MOUSE_MODES:
        terminal.mouse = MOUSE_MODES[number] if on else -1
        terminal.tell("mouseReportingMode", terminal.mouse)
    elif number in (47, 1047, 1049):
        _alternate(terminal, number, on)
    elif number == 1048:
        save_cursor(terminal) if on else restore_cursor(terminal)
    elif number not in REMEMBERED:
        return
    if number == 66:
        set_keypad(terminal, on)
    (terminal.flags.add if on else terminal.flags.discard)(number)
    if on and number in MOUSE_MODES:
        terminal.flags.difference_update(set(MOUSE_MODES) - {number})


def set_keypad(terminal: "Terminal", application: bool) -> None:
    """DECKPAM and DECKPNM."""
    terminal.keypad = application
    terminal.tell("applicationKeypad", application)


def save_cursor(terminal: "Terminal") -> None:
    """DECSC."""
    saved = terminal.saved[id(terminal.grid)]
    saved.x, saved.y = terminal.grid.x, terminal.grid.y
    saved.style, saved.charsets, saved.shift = terminal.style, (terminal.charsets[0], terminal.charsets[1]), 0
    saved.shift, saved.origin = terminal.shift, terminal.origin


def restore_cursor(terminal: "Terminal") -> None:
    """DECRC."""
    saved = terminal.saved[id(terminal.grid)]
    terminal.grid.move_to(saved.x, saved.y)
    terminal.style, terminal.charsets, terminal.shift = saved.style, list(saved.charsets), saved.shift
    terminal.origin = saved.origin


def _alternate(terminal: "Terminal", number: int, on: bool) -> None:
    """Shows the alternate screen or the main one; 1049 also saves and restores the cursor."""
    showing = terminal.grid is terminal.alternate
    if on == showing:
        return
    if on:
        if number == 1049:
            save_cursor(terminal)
        x, y = terminal.main.x, terminal.main.y
        terminal.grid = terminal.alternate
        terminal.alternate.erase_rows(0, terminal.alternate.rows, DEFAULT_STYLE)
        terminal.alternate.move_to(x, y)
    else:
        x, y = terminal.alternate.x, terminal.alternate.y
        terminal.grid = terminal.main
        terminal.main.move_to(x, y)
        if number == 1049:
            restore_cursor(terminal)
    terminal.tell("showingAlternateScreen", on)
