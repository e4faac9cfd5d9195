"""`python -m bench.compare`: measures, prints a table, writes JSON. No figure here is a pass or a fail."""

import argparse
import time
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.status import Status

from bench.compare.report import Report
from bench.compare.rows import ROWS
from bench.compare.turns import Size

_RESULTS = Path(__file__).parents[1] / "results"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"default: all of {', '.join(ROWS)}")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each design, in turns (default: 5)")
    parser.add_argument("--factor", type=float, default=1.0, help="of the amounts; 0.01 is a smoke run (default: 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where all values go (default: bench/results/<time>)")
    arguments = parser.parse_args()
    if unknown := set(arguments.rows) - ROWS.keys():
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    file = arguments.json or _RESULTS / time.strftime("%Y-%m-%d-%H%M%S.json")
    size = Size(arguments.rounds, arguments.factor)
    console = Console()
    began = time.monotonic()
    with console.status("") as status:
        report = Report(console, arguments.rounds, arguments.factor)
        for name in (rows := arguments.rows or list(ROWS)):
            started = time.monotonic()
            place = f"{name} ({rows.index(name) + 1} of {len(rows)})"
            report.doing = partial(_show, status, place)
            ROWS[name](size, report)
            # What is there already is not lost when somebody has seen enough.
            report.write(file)
            console.print(f"  {name}: {time.monotonic() - started:.0f} s", style="dim", highlight=False)
    report.show()
    console.print(f"{time.monotonic() - began:.0f} s. All values: {file}", highlight=False, soft_wrap=True)


def _show(status: Status, place: str, what: str) -> None:
    status.update(f"{place}: {what}")


if __name__ == "__main__":
    main()
