"""The user's own terminal while a session is shown on it: raw keys, bytes as they are, and everything put back."""

import os
import sys
import termios
import tty

from itermbus.mistakes import Mistake

#: One read of what is typed. A paste is longer and comes in several.
_READ_BYTES = 4096

#: Whatever a session's programs switch on is switched off: the alternate screen; application keys, mouse, focus and
#: paste reports; scroll region, origin and insert modes; key encodings of kitty and xterm. Autowrap and the cursor come
#: back.
_RESET = (
    b"\x18\x1b[?1049l\x1b[0m\x0f\x1b(B\x1b[r\x1b[4l\x1b[?6l\x1b[?7h\x1b[?25h\x1b[0 q\x1b[?1l\x1b>"
    b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l\x1b[?1004l\x1b[?2004l\x1b[?2026l"
    b"\x1b[=0u\x1b[>4m\x1b]8;;\x1b\\"
)

# Terminals keep a stack of titles (xterm's ctlseqs, XTWINOPS 22 and 23): the user's own comes back at the end.
_PUSH_TITLE, _POP_TITLE = b"\x1b[22;0t", b"\x1b[23;0t"


class RawTerminal:
    """Standard input and output as one terminal. Entered it is raw, and left it is as it was before."""

    def __init__(self) -> None:
        """Raises `Mistake` when they are no terminal."""
        self._in, self._out = sys.stdin.fileno(), sys.stdout.fileno()
        if not (os.isatty(self._in) and os.isatty(self._out)):
            raise Mistake("attach needs a terminal. `itermbus snapshot` and `itermbus trace` write anywhere.")

    def __enter__(self) -> "RawTerminal":
        self._before = termios.tcgetattr(self._in)
        tty.setraw(self._in, termios.TCSADRAIN)  # what was typed ahead is for the session
        # What is on the screen goes into the scrollback: the first repaint clears the screen.
        self.write(_PUSH_TITLE + b"\n" * self.size[1])
        return self

    def __exit__(self, *_exc: object) -> None:
        try:
            self.write(_RESET + _POP_TITLE + b"\x1b[%d;1H\r\n" % self.size[1])
        except OSError:
            return  # it is closed
        # Answers to what the session asked are not for the shell that comes next.
        termios.tcsetattr(self._in, termios.TCSAFLUSH, self._before)

    def fileno(self) -> int:
        """Readable when something was typed."""
        return self._in

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        found = os.get_terminal_size(self._out)
        return found.columns, found.lines

    def read(self) -> bytes:
        """What was typed; empty when the terminal is closed."""
        try:
            return os.read(self._in, _READ_BYTES)
        except OSError:
            return b""

    def write(self, data: bytes) -> None:
        """Writes all of it. Raises `OSError` when the terminal is closed."""
        view = memoryview(data)
        while view:
            view = view[os.write(self._out, view) :]
