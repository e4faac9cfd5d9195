"""How a start is shown: a live table on a terminal, one line for each change elsewhere."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from itermbus.startup import Show
from itermbus.supervisor_client import ProcessInfo

_ANSWERS = "the gateway answers"


@contextmanager
def start_view(out: Console, names: Sequence[str]) -> Iterator[Show]:
    """Yields what to call with each look at the processes."""
    if out.is_terminal and not out.is_dumb_terminal:
        with Live(console=out, refresh_per_second=12, transient=False) as live:
            live.update(_picture({}, names, False))
            yield lambda processes, serving: live.update(_picture({p.name: p for p in processes}, names, serving))
    else:
        yield _Lines(out).show


def _picture(processes: dict[str, ProcessInfo], names: Sequence[str], serving: bool) -> Table:
    grid = Table.grid(padding=(0, 2))
    for name in names:
        process = processes.get(name)
        done = process is not None and process.is_running
        grid.add_row(_mark(done), name, _words(process))
    grid.add_row(_mark(serving), "ready", _ANSWERS if serving else "")
    return grid


def _mark(done: bool) -> Text | Spinner:
    return Text("✓", style="green") if done else Spinner("dots", style="cyan")


def _words(process: ProcessInfo | None) -> str:
    if process is None:
        return "waiting"
    if process.is_running:
        return f"running (pid {process.pid})"
    return f"{process.statename.lower()} {process.why_not}".strip()


class _Lines:
    """Prints a line whenever a process has come further."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._seen: dict[str, str] = {}

    def show(self, processes: Sequence[ProcessInfo], serving: bool) -> None:
        for process in processes:
            self._say(process.name, _words(process))
        if serving:
            self._say("ready", _ANSWERS)

    def _say(self, name: str, words: str) -> None:
        if self._seen.get(name) != words:
            self._seen[name] = words
            self._out.print(f"{name}: {words}", markup=False)
