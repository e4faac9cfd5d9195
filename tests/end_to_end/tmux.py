"""A real terminal for what wants one: a pane of a tmux server of its own."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

from tests.support import environment, wait_until

COLUMNS, ROWS = 80, 25


class Pane:
    """One pane with a shell in it, which prints `outside$ ` when it waits. The server is killed with `close`."""

    def __init__(self, home: Path, columns: int = COLUMNS, rows: int = ROWS) -> None:
        self._name = f"ib-{os.getpid()}"
        bin_folder = str(Path(sys.executable).parent)
        self._environment = environment(
            home, TMUX_TMPDIR=str(home), LC_ALL="C.UTF-8", PATH=f"{bin_folder}:{os.environ['PATH']}"
        )
        self._environment.pop("LANG", None)
        shell = "env PS1='outside$ ' sh -i"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), "-s", "main", shell)
        self.tmux("set-option", "-g", "status", "off")
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))
        self.wait("outside$")

    def close(self) -> None:
        self.tmux("kill-server")

    def tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._name, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        return done.stdout

    def run(self, *command: str) -> None:
        """Types a command line and Enter."""
        self.keys("-l", shlex.join(command))
        self.keys("Enter")

    def keys(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def text(self) -> str:
        """What the pane shows."""
        return self.tmux("capture-pane", "-p")

    def wait(self, text: str) -> None:
        try:
            wait_until(lambda: text in self.text(), f"{text!r} in the pane")
        except AssertionError as error:
            raise AssertionError(f"{error}; it shows {self.text()!r}") from None

    def wait_gone(self, text: str) -> None:
        wait_until(lambda: text not in self.text(), f"no {text!r} in the pane")

    def flags(self) -> str:
        """The terminal's modes as tmux tells them, and the line discipline's as stty does."""
        names = ("alternate_on", "cursor_flag", "insert_flag", "keypad_cursor_flag", "keypad_flag", "wrap_flag")
        mouse = ("mouse_any_flag", "mouse_button_flag", "mouse_sgr_flag", "mouse_standard_flag", "origin_flag")
        told = self.tmux("display-message", "-p", " ".join(f"#{{{name}}}" for name in (*names, *mouse)))
        tty = self.tmux("display-message", "-p", "#{pane_tty}").strip()
        with open(tty) as terminal:  # noqa: PTH123
            modes = subprocess.run(["stty", "-a"], stdin=terminal, capture_output=True, text=True, check=True).stdout
        return told + modes
