"""Control sequences and short escapes: one table each, one small function a sequence."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from headless.emulator import cursor, editing, modes, reports, sgr
from headless.emulator.cells import DEFAULT_STYLE
from headless.emulator.cursor import Numbers

if TYPE_CHECKING:
    from headless.emulator.terminal import Terminal

#: Largest parameter; iTerm2 and xterm clamp too, so that no count runs away.
_MAX_PARAMETER = 32767


def execute(terminal: "Terminal", prefix: str, parameters: str, intermediates: str, final: str) -> None:
    """Carries out one control sequence; unknown ones are ignored."""
    if final == "m" and not prefix and not intermediates:
        terminal.style = sgr.apply(terminal.style, parameters)
        return
    action = _SEQUENCES.get(prefix + intermediates + final)
    if action is not None:
        action(terminal, _numbers(parameters))


def escape(terminal: "Terminal", intermediates: str, final: str) -> None:
    """Carries out ESC and a final character; unknown ones are ignored."""
    if intermediates in ("(", ")"):
        terminal.charsets[intermediates == ")"] = final
    elif intermediates == "#" and final == "8":
        editing.alignment_test(terminal)
    elif not intermediates and final in _ESCAPES:
        _ESCAPES[final](terminal)


def _numbers(parameters: str) -> Numbers:
    return [
        min(int(text[:9]), _MAX_PARAMETER) if (text := part.partition(":")[0]).isdecimal() else 0
        for part in parameters.split(";")
    ]


def _set_modes(terminal: "Terminal", numbers: Numbers) -> None:
    for number in numbers:
        modes.set_ansi(terminal, number, on=True)


def _reset_modes(terminal: "Terminal", numbers: Numbers) -> None:
    for number in numbers:
        modes.set_ansi(terminal, number, on=False)


def _set_private(terminal: "Terminal", numbers: Numbers) -> None:
    for number in numbers:
        modes.set_private(terminal, number, on=True)


def _reset_private(terminal: "Terminal", numbers: Numbers) -> None:
    for number in numbers:
        modes.set_private(terminal, number, on=False)


def _save(terminal: "Terminal", _numbers: Numbers) -> None:
    modes.save_cursor(terminal)


def _restore(terminal: "Terminal", _numbers: Numbers) -> None:
    modes.restore_cursor(terminal)


def _cursor_shape(terminal: "Terminal", numbers: Numbers) -> None:
    terminal.cursor_shape = numbers[0] if numbers[0] <= 6 else 0


def _soft_reset(terminal: "Terminal", _numbers: Numbers) -> None:
    terminal.style = DEFAULT_STYLE
    terminal.insert = terminal.origin = False
    terminal.autowrap = True
    terminal.charsets, terminal.shift = ["B", "B"], 0
    terminal.grid.set_region(0, terminal.rows - 1)
    modes.set_keypad(terminal, application=False)
    terminal.flags.discard(1)


def _full_reset(terminal: "Terminal") -> None:
    modes.set_private(terminal, 1049, on=False)
    terminal.main.save_to_history()
    terminal.reset_state()
    terminal.main.erase_rows(0, terminal.rows, DEFAULT_STYLE)
    terminal.main.move_to(0, 0)
    terminal.tell("mouseReportingMode", -1)
    terminal.tell("applicationKeypad", False)


def _application_keypad(terminal: "Terminal") -> None:
    modes.set_keypad(terminal, application=True)


def _normal_keypad(terminal: "Terminal") -> None:
    modes.set_keypad(terminal, application=False)


_ESCAPES: dict[str, Callable[["Terminal"], None]] = {
    "7": modes.save_cursor,
    "8": modes.restore_cursor,
    "=": _application_keypad,
    ">": _normal_keypad,
    "D": cursor.index,
    "E": cursor.next_,
    "H": cursor.set_tab,
    "M": cursor.reverse_index,
    "c": _full_reset,
}


#: Prefix, intermediates and final character to what they do.
_SEQUENCES: dict[str, Callable[["Terminal", Numbers], None]] = {
    "@": editing.insert_characters,
    "A": cursor.up,
    "B": cursor.down,
    "C": cursor.right,
    "D": cursor.left,
    "E": cursor.next_line,
    "F": cursor.previous_line,
    "G": cursor.to_column,
    "H": cursor.to_position,
    "I": cursor.tabs,
    "J": editing.erase_display,
    "?J": editing.erase_display,
    "K": editing.erase_line,
    "?K": editing.erase_line,
    "L": editing.insert_lines,
    "M": editing.delete_lines,
    "P": editing.delete_characters,
    "S": editing.scroll_up,
    "T": editing.scroll_down,
    "X": editing.erase_characters,
    "Z": cursor.back_tabs,
    "`": cursor.to_column,
    "a": cursor.right,
    "b": editing.repeat,
    "c": reports.report_attributes,
    ">c": reports.report_secondary_attributes,
    "d": cursor.to_row,
    "e": cursor.down,
    "f": cursor.to_position,
    "g": cursor.clear_tabs,
    "h": _set_modes,
    "?h": _set_private,
    "l": _reset_modes,
    "?l": _reset_private,
    "n": reports.report_status,
    "?n": reports.report_private_status,
    "?$p": reports.report_private_mode,
    "!p": _soft_reset,
    " q": _cursor_shape,
    ">q": reports.report_version,
    "r": cursor.region,
    "s": _save,
    "t": reports.report_size,
    "u": _restore,
}
