"""Where the command line writes: a terminal gets colours and live tables, anything else plain lines.

No control code ever goes into a pipe or a file, and no line is cut or wrapped there.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from bus.process import print_error

#: Columns for output that is no terminal: lines are as long as their contents.
_UNLIMITED = 1000


def console() -> Console:
    """A console on the present stdout."""
    terminal = sys.stdout.isatty()
    return Console(highlight=False, soft_wrap=True, width=None if terminal else _UNLIMITED)


def forget_terminal() -> None:
    """Sends all further output nowhere: the terminal is closed, and writing to it would be an error."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def table(out: Console, *columns: str) -> Table:
    """An empty table with these headings: framed by a rule on a terminal, plain columns elsewhere."""
    made = Table(*columns, box=None, pad_edge=False, header_style="bold" if out.is_terminal else "")
    for column in made.columns[:-1]:
        column.no_wrap = True
    return made


def print_json(value: object) -> None:
    """One JSON object for scripts, in ASCII whatever is in it: no locale can spoil it."""
    sys.stdout.write(json.dumps(msgspec.to_builtins(value), indent=2) + "\n")


def print_problem(text: str) -> None:
    """One line on stderr, as every failure of a command is told."""
    print_error("itermbus", text)


def command_name() -> str:
    """How the user can call us: by name when it is on the PATH, else by the whole path."""
    script = Path(sys.prefix) / "bin" / "itermbus"
    on_path = shutil.which("itermbus")
    if on_path and (not script.exists() or script.samefile(on_path)):
        return "itermbus"
    return str(script) if script.exists() else f"{sys.executable} -m itermbus"
