"""Medians with their spread, as a table and as JSON."""

import json
import platform
import statistics
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table


@dataclass
class Figure:
    """One thing that was measured several times."""

    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def text(self, unit: str) -> str:
        low, high = min(self.values), max(self.values)
        return f"{_short(self.median)} {unit} ({_short(low)}-{_short(high)})"


@dataclass
class Row:
    """One line of the table: ours, theirs, and what their ratio has to be."""

    what: str
    unit: str
    ours: Figure
    theirs: Figure | None = None
    target: str = ""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return None if self.theirs is None else self.ours.median / self.theirs.median


class Report:
    """Rows as they come."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.rows: list[Row] = []

    def add(self, row: Row) -> None:
        self.rows.append(row)
        ratio = "" if row.ratio is None else f", {row.ratio:.2f} x"
        self._console.print(f"{row.what}: {row.ours.text(row.unit)}{ratio}", highlight=False)

    def show(self) -> None:
        table = Table("what", "itermbus", "compared with", "ratio", "to reach", "note")
        for row in self.rows:
            theirs = "" if row.theirs is None else row.theirs.text(row.unit)
            ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
            table.add_row(row.what, row.ours.text(row.unit), theirs, ratio, row.target, row.note)
        self._console.print(table)

    def write(self, path: Path) -> None:
        """The machine and every single value."""
        machine = {
            "system": platform.platform(),
            "python": platform.python_version(),
            "processors": psutil.cpu_count(),
            "memory_bytes": psutil.virtual_memory().total,
        }
        rows = [asdict(row) | {"ratio": row.ratio} for row in self.rows]
        path.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"
