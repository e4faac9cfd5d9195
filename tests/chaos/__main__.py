"""`python -m tests.chaos`: a run with a seed and a time, and its verdict as a table."""

import argparse
import random
import sys

from rich.console import Console
from rich.table import Table

from tests.chaos.run import Verdict, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31), help="default: a new one")
    parser.add_argument("--seconds", type=float, default=120.0, help="how long faults are injected (default: 120)")
    parser.add_argument("--quiet", action="store_true", help="do not print each fault")
    arguments = parser.parse_args()
    console = Console()
    console.print(f"seed {arguments.seed}, {arguments.seconds:g} s")
    say = (lambda _text: None) if arguments.quiet else (lambda text: console.print(f"  {text}", highlight=False))
    verdict = run(arguments.seed, arguments.seconds, sys.executable, say)
    show(console, verdict)
    return 1 if verdict.wrong else 0


def show(console: Console, verdict: Verdict) -> None:
    """Prints the seed, the faults that were injected, the figures and what went wrong."""
    table = Table("fault", "times", title=f"seed {verdict.seed}")
    for name, times in sorted(verdict.faults.items()):
        table.add_row(name, str(times))
    table.add_row("all", str(sum(verdict.faults.values())), style="bold")
    console.print(table)
    figures = Table("figure", "")
    for name, value in verdict.figures.items():
        figures.add_row(name, value)
    console.print(figures)
    if not verdict.wrong:
        console.print("verdict: nothing lost, doubled or moved that was not announced", style="bold green")
    for wrong in verdict.wrong:
        console.print(f"wrong: {wrong}", style="red", highlight=False, markup=False)


if __name__ == "__main__":
    sys.exit(main())
