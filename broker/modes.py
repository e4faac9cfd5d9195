"""A terminal's modes: what two witnesses tell of them, and the sequences that restore them at a viewer. Pure.

iTerm2's variables tell the alternate screen, mouse reporting and the keypad for certain. The rest only the bytes tell,
as far as they were seen in this epoch; what neither tells stays at a terminal's default.
"""

from collections.abc import Mapping

import msgspec

from broker.model import Json
from broker.profile import read_flag
from bus.messages.events import Config
from bus.messages.results import Modes

#: iTerm2's variables that tell a mode.
VARIABLES = ("showingAlternateScreen", "mouseReportingMode", "applicationKeypad")

#: `mouseReportingMode` (sources/VT100/VT100TerminalDelegate.h:30) -> DEC private mode. Highlight tracking waits for
#: answers from its program that a viewer cannot give, so it becomes plain reporting.
_MOUSE = {0: 1000, 1: 1000, 2: 1002, 3: 1003}

#: The encoding of mouse reports when nobody told it: programs of today ask for SGR's.
_USUAL_ENCODING = 1006

#: DECSCUSR's numbers for steady shapes; the blinking ones are one less.
_SHAPES = {"CURSOR_TYPE_BLOCK": 2, "CURSOR_TYPE_UNDERLINE": 4, "CURSOR_TYPE_VERTICAL": 6}

#: Application cursor keys, bracketed paste, focus and mouse reports, and the encodings of those.
_SWITCHED_OFF = (1, 2004, 1004, 1000, 1002, 1003, 1005, 1006, 1015, 1016)

#: What every repaint begins with: SGR, character set, insert, origin and autowrap modes, scroll region, a visible
#: cursor; then off with what programs switch on.
RESET = "\x1b[0m\x0f\x1b(B\x1b[4l\x1b[?6l\x1b[?7h\x1b[?25h\x1b[r" + "".join(f"\x1b[?{n}l" for n in _SWITCHED_OFF)


def merge(seen: Modes, variables: Mapping[str, Json], config: Config | None) -> Modes:
    """The modes in force: `seen` in the bytes, told by iTerm2's `variables`, and the cursor of the profile."""
    mouse = variables.get("mouseReportingMode")
    shape = seen.cursor_shape
    if not shape and config is not None:
        shape = _SHAPES[config.cursor_type] - config.cursor_blink
    return msgspec.structs.replace(
        seen,
        alternate_screen=read_flag(variables.get("showingAlternateScreen"), default=False),
        keypad=read_flag(variables.get("applicationKeypad"), default=False),
        mouse=_MOUSE.get(int(mouse), 0) if isinstance(mouse, (int, float)) else 0,
        cursor_shape=shape,
    )


def restore(modes: Modes) -> str:
    """What sets the modes at a viewer after `RESET`; the alternate screen is the painter's."""
    out = []
    if modes.mouse:
        out.append(f"\x1b[?{modes.mouse}h\x1b[?{modes.mouse_encoding or _USUAL_ENCODING}h")
    for number, on in ((1, modes.cursor_keys), (2004, modes.bracketed_paste), (1004, modes.focus_reporting)):
        if on:
            out.append(f"\x1b[?{number}h")
    if modes.autowrap is False:
        out.append("\x1b[?7l")
    out.append("\x1b=" if modes.keypad else "\x1b>")
    if modes.cursor_shape is not None:
        out.append(f"\x1b[{modes.cursor_shape} q")
    if modes.cursor_visible is False:
        out.append("\x1b[?25l")
    return "".join(out)
