"""`python -m bench.compare`: measures, prints a table, writes JSON. No figure here is a pass or a fail."""

import argparse
from pathlib import Path

from rich.console import Console

from bench.compare.report import Report
from bench.compare.rows import ROWS, Size


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"default: all of {', '.join(ROWS)}")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each design, in turns (default: 5)")
    parser.add_argument("--factor", type=float, default=1.0, help="of the amounts; 0.01 is a smoke run (default: 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where all values go")
    arguments = parser.parse_args()
    if unknown := set(arguments.rows) - ROWS.keys():
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    report = Report(Console())
    for name in arguments.rows or ROWS:
        ROWS[name](Size(arguments.rounds, arguments.factor), report)
    report.show()
    if arguments.json is not None:
        report.write(arguments.json)


if __name__ == "__main__":
    main()
