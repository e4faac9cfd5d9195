"""Control sequences and short escapes: one table each, one small function a sequence."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from headless.config import APP_VERSION
from headless.emulator import modes, sgr
from headless.emulator.cells import DEFAULT_STYLE, Line

if TYPE_CHECKING:
    from headless.emulator.terminal import Terminal

#: Largest parameter; iTerm2 and xterm clamp too, so that no count runs away.
_MAX_PARAMETER = 32767
#: `CSI c`: a VT420 without sixel graphics (iTerm2 adds 4), since the host shows no images.
_PRIMARY_ATTRIBUTES = "\x1b[?64;1;2;6;17;18;21;22c"
#: `CSI > c` of iTerm2: a VT420, xterm version 2500.
_SECONDARY_ATTRIBUTES = "\x1b[>41;2500;0c"

Numbers = list[int]


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
        _alignment_test(terminal)
    elif not intermediates and final in _ESCAPES:
        _ESCAPES[final](terminal)


def device_control(terminal: "Terminal", body: str) -> None:
    """DCS: only DECRQSS is answered, for the cursor's shape, the style and the scroll region."""
    if not body.startswith("$q"):
        return
    grid = terminal.grid
    known = {" q": f"{terminal.cursor_shape} q", "m": "0m", "r": f"{grid.top + 1};{grid.bottom + 1}r"}
    answer = known.get(body[2:])
    terminal.reply(f"\x1bP1$r{answer}\x1b\\" if answer else "\x1bP0$r\x1b\\")


def _numbers(parameters: str) -> Numbers:
    return [
        min(int(text[:9]), _MAX_PARAMETER) if (text := part.partition(":")[0]).isdecimal() else 0
        for part in parameters.split(";")
    ]


def _count(numbers: Numbers, index: int = 0) -> int:
    """A parameter that counts: absent and 0 mean 1."""
    return max(1, numbers[index]) if index < len(numbers) else 1


def _vertical(terminal: "Terminal", delta: int) -> None:
    """Moves up or down, not across the scroll region's edge if the cursor is inside it."""
    grid = terminal.grid
    low = grid.top if grid.y >= grid.top else 0
    high = grid.bottom if grid.y <= grid.bottom else grid.rows - 1
    grid.move_to(grid.column(), max(low, min(high, grid.y + delta)))


def _up(terminal: "Terminal", numbers: Numbers) -> None:
    _vertical(terminal, -_count(numbers))


def _down(terminal: "Terminal", numbers: Numbers) -> None:
    _vertical(terminal, _count(numbers))


def _right(terminal: "Terminal", numbers: Numbers) -> None:
    terminal.grid.move_to(terminal.grid.column() + _count(numbers), terminal.grid.y)


def _left(terminal: "Terminal", numbers: Numbers) -> None:
    terminal.grid.move_to(terminal.grid.column() - _count(numbers), terminal.grid.y)


def _next_line(terminal: "Terminal", numbers: Numbers) -> None:
    _down(terminal, numbers)
    terminal.carriage_return()


def _previous_line(terminal: "Terminal", numbers: Numbers) -> None:
    _up(terminal, numbers)
    terminal.carriage_return()


def _column(terminal: "Terminal", numbers: Numbers) -> None:
    terminal.grid.move_to(_count(numbers) - 1, terminal.grid.y)


def _row(terminal: "Terminal", numbers: Numbers) -> None:
    _place(terminal, terminal.grid.column(), _count(numbers) - 1)


def _position(terminal: "Terminal", numbers: Numbers) -> None:
    _place(terminal, _count(numbers, 1) - 1, _count(numbers) - 1)


def _place(terminal: "Terminal", x: int, y: int) -> None:
    """Moves to a row counted from the scroll region's top in origin mode."""
    grid = terminal.grid
    if terminal.origin:
        y = min(grid.top + y, grid.bottom)
    grid.move_to(x, y)


def _tabs(terminal: "Terminal", numbers: Numbers) -> None:
    for _ in range(min(_count(numbers), terminal.columns)):
        terminal.tab()


def _back_tabs(terminal: "Terminal", numbers: Numbers) -> None:
    grid = terminal.grid
    for _ in range(min(_count(numbers), grid.columns)):
        stops = (stop for stop in range(grid.column() - 1, 0, -1) if stop in terminal.tab_stops)
        grid.move_to(next(stops, 0), grid.y)


def _clear_tabs(terminal: "Terminal", numbers: Numbers) -> None:
    if numbers[0] == 0:
        terminal.tab_stops.discard(terminal.grid.column())
    elif numbers[0] == 3:
        terminal.tab_stops.clear()


def _erase_display(terminal: "Terminal", numbers: Numbers) -> None:
    """ED. Erasing the whole main screen saves it to the scrollback first, as iTerm2 does."""
    grid, style, how = terminal.grid, terminal.erase_style(), numbers[0]
    if how == 3:
        terminal.main.history.clear() if terminal.main.history else None
    elif how == 2:
        grid.save_to_history()
        grid.erase_rows(0, grid.rows, style)
    elif how == 1:
        grid.erase_rows(0, grid.y, style)
        _erase_line(terminal, numbers)
    elif how == 0:
        _erase_line(terminal, numbers)
        grid.erase_rows(grid.y + 1, grid.rows, style)


def _erase_line(terminal: "Terminal", numbers: Numbers) -> None:
    """EL."""
    grid, how, x = terminal.grid, numbers[0], terminal.grid.column()
    start, end = {0: (x, grid.columns), 1: (0, x + 1), 2: (0, grid.columns)}.get(how, (0, 0))
    grid.lines[grid.y].erase(start, end, terminal.erase_style())


def _insert_lines(terminal: "Terminal", numbers: Numbers) -> None:
    terminal.grid.insert_lines(_count(numbers), terminal.erase_style())


def _delete_lines(terminal: "Terminal", numbers: Numbers) -> None:
    terminal.grid.delete_lines(_count(numbers), terminal.erase_style())


def _cursor_line(terminal: "Terminal") -> tuple[Line, int]:
    grid = terminal.grid
    return grid.lines[grid.y], grid.column()


def _insert_characters(terminal: "Terminal", numbers: Numbers) -> None:
    line, x = _cursor_line(terminal)
    line.insert(x, _count(numbers), terminal.erase_style())


def _delete_characters(terminal: "Terminal", numbers: Numbers) -> None:
    line, x = _cursor_line(terminal)
    line.delete(x, _count(numbers), terminal.erase_style())


def _erase_characters(terminal: "Terminal", numbers: Numbers) -> None:
    line, x = _cursor_line(terminal)
    line.erase(x, min(x + _count(numbers), terminal.columns), terminal.erase_style())


def _scroll_up(terminal: "Terminal", numbers: Numbers) -> None:
    terminal.grid.scroll_up(_count(numbers), terminal.erase_style())


def _scroll_down(terminal: "Terminal", numbers: Numbers) -> None:
    terminal.grid.scroll_down(_count(numbers), terminal.erase_style())


def _repeat(terminal: "Terminal", numbers: Numbers) -> None:
    if terminal.last_character:
        terminal.text(terminal.last_character * min(_count(numbers), terminal.columns * terminal.rows))


def _region(terminal: "Terminal", numbers: Numbers) -> None:
    grid = terminal.grid
    bottom = numbers[1] if len(numbers) > 1 and numbers[1] else grid.rows
    grid.set_region(_count(numbers) - 1, min(bottom, grid.rows) - 1)
    grid.move_to(0, grid.top if terminal.origin else 0)


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


def _report_status(terminal: "Terminal", numbers: Numbers) -> None:
    """DSR 5 and CPR."""
    if numbers[0] == 5:
        terminal.reply("\x1b[0n")
    elif numbers[0] == 6:
        terminal.reply(f"\x1b[{_reported_row(terminal)};{terminal.grid.column() + 1}R")


def _report_private_status(terminal: "Terminal", numbers: Numbers) -> None:
    if numbers[0] == 6:
        terminal.reply(f"\x1b[?{_reported_row(terminal)};{terminal.grid.column() + 1}R")


def _reported_row(terminal: "Terminal") -> int:
    return terminal.grid.y + 1 - (terminal.grid.top if terminal.origin else 0)


def _report_private_mode(terminal: "Terminal", numbers: Numbers) -> None:
    """DECRQM: 1 set, 2 reset, 0 not known."""
    number = numbers[0]
    known = number in (6, 7, 47, 1047, 1048, 1049, *modes.MOUSE_MODES, *modes.REMEMBERED)
    state = (1 if number in terminal.flags else 2) if known else 0
    terminal.reply(f"\x1b[?{number};{state}$y")


def _report_attributes(terminal: "Terminal", numbers: Numbers) -> None:
    if numbers[0] == 0:
        terminal.reply(_PRIMARY_ATTRIBUTES)


def _report_secondary_attributes(terminal: "Terminal", numbers: Numbers) -> None:
    if numbers[0] == 0:
        terminal.reply(_SECONDARY_ATTRIBUTES)


def _report_version(terminal: "Terminal", numbers: Numbers) -> None:
    """XTVERSION."""
    if numbers[0] == 0:
        terminal.reply(f"\x1bP>|iTerm2 {APP_VERSION}\x1b\\")


def _window(terminal: "Terminal", numbers: Numbers) -> None:
    """XTWINOPS: only the size in cells is reported; programs do not move or resize windows here."""
    if numbers[0] == 18:
        terminal.reply(f"\x1b[8;{terminal.rows};{terminal.columns}t")


def _alignment_test(terminal: "Terminal") -> None:
    grid = terminal.grid
    for line in grid.lines:
        line.put(0, "E" * grid.columns, DEFAULT_STYLE)
    grid.move_to(0, 0)


def _index(terminal: "Terminal") -> None:
    terminal.grid.line_feed(terminal.erase_style())


def _next(terminal: "Terminal") -> None:
    terminal.carriage_return()
    _index(terminal)


def _reverse_index(terminal: "Terminal") -> None:
    terminal.grid.reverse_line_feed(terminal.erase_style())


def _set_tab(terminal: "Terminal") -> None:
    terminal.tab_stops.add(terminal.grid.column())


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
    "D": _index,
    "E": _next,
    "H": _set_tab,
    "M": _reverse_index,
    "c": _full_reset,
}

#: Prefix, intermediates and final character to what they do.
_SEQUENCES: dict[str, Callable[["Terminal", Numbers], None]] = {
    "@": _insert_characters,
    "A": _up,
    "B": _down,
    "C": _right,
    "D": _left,
    "E": _next_line,
    "F": _previous_line,
    "G": _column,
    "H": _position,
    "I": _tabs,
    "J": _erase_display,
    "?J": _erase_display,
    "K": _erase_line,
    "?K": _erase_line,
    "L": _insert_lines,
    "M": _delete_lines,
    "P": _delete_characters,
    "S": _scroll_up,
    "T": _scroll_down,
    "X": _erase_characters,
    "Z": _back_tabs,
    "`": _column,
    "a": _right,
    "b": _repeat,
    "c": _report_attributes,
    ">c": _report_secondary_attributes,
    "d": _row,
    "e": _down,
    "f": _position,
    "g": _clear_tabs,
    "h": _set_modes,
    "?h": _set_private,
    "l": _reset_modes,
    "?l": _reset_private,
    "n": _report_status,
    "?n": _report_private_status,
    "?$p": _report_private_mode,
    "!p": _soft_reset,
    " q": _cursor_shape,
    ">q": _report_version,
    "r": _region,
    "s": _save,
    "t": _window,
    "u": _restore,
}
