"""Rows with their medians and spread, as they come, as a table and as JSON."""

import json
import re
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.compare.machine import facts

#: `>= 2.0` is about the ratio, `<= 12 MiB` about the value itself.
_TARGET = re.compile(r"(?P<than>[<>])= (?P<number>[0-9.]+)(?P<unit> .+)?")

#: What is measured at each number of sessions: key -> what it is, its unit.
MEASURES = {
    "cpu_s_per_gb": ("CPU per GB delivered", "s/GB"),
    "idle_percent_per_session": ("idle CPU per session", "% of a core"),
    "private_mib_per_session": ("private memory per session", "MiB"),
    "attach_seconds": ("attach all existing sessions", "s"),
}


@dataclass
class Figure:
    """One thing that was measured several times."""

    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def text(self, unit: str) -> str:
        low, high = min(self.values), max(self.values)
        return f"{short(self.median)} {unit} ({short(low)}-{short(high)})"


@dataclass
class Row:
    """One line of the table: ours, what it is compared with, and what is to be reached."""

    what: str
    unit: str
    ours: Figure
    theirs: Figure | None = None
    target: str = ""
    note: str = ""
    against: str = "socat design"

    @property
    def ratio(self) -> float | None:
        return None if self.theirs is None or not self.theirs.median else self.ours.median / self.theirs.median

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached here; None without one, or without what it needs."""
        found = _TARGET.fullmatch(self.target)
        value = None if found is None else self.ours.median if found["unit"] else self.ratio
        if found is None or value is None:
            return None
        return value <= float(found["number"]) if found["than"] == "<" else value >= float(found["number"])


class Report:
    """Rows as they come, of so many rounds, the amounts times `factor`. `doing` is told what is being measured."""

    def __init__(self, console: Console, rounds: int, factor: float) -> None:
        self.console = console
        self.rows: list[Row] = []
        #: One dict for each number of sessions: `sessions`, and each key of MEASURES.
        self.growth: list[dict[str, float]] = []
        self.doing: Callable[[str], object] = lambda _: None
        self._machine = facts() | {"rounds": rounds, "factor": factor}

    def add(self, row: Row) -> None:
        self.rows.append(row)
        ratio = "" if row.ratio is None else f", {row.ratio:.2f} x {row.against}"
        note = f" ({row.note})" if row.note else ""
        self.console.print(f"{row.what}: {row.ours.text(row.unit)}{ratio}{note}", highlight=False, soft_wrap=True)

    def show(self) -> None:
        table = Table("what", "itermbus", "compared with", "ratio", "to reach", "reached")
        for row in self.rows:
            # The notes would leave no room for the rest; each stood beside its row as it came.
            table.add_row(*cells(row)[:-1])
        self.console.print(table)

    def write(self, path: Path) -> None:
        """The machine and every single value."""
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [asdict(row) | {"ratio": row.ratio, "reached": row.reached} for row in self.rows]
        whole = {"machine": self._machine, "rows": rows, "growth": self.growth}
        path.write_text(json.dumps(whole, indent=1) + "\n")


def cells(row: Row) -> tuple[str, ...]:
    """A row as text: what, ours, theirs and whose, ratio, target, whether it is reached, note."""
    return (
        row.what,
        row.ours.text(row.unit),
        "" if row.theirs is None else f"{row.against}: {row.theirs.text(row.unit)}",
        "" if row.ratio is None else f"{row.ratio:.2f}",
        row.target,
        {True: "yes", False: "no", None: ""}[row.reached],
        row.note,
    )


def short(value: float) -> str:
    """Three digits that count."""
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"
