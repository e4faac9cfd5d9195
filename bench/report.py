"""The figures of a run as Markdown: `python -m bench.report FILE [--plot FILE.svg]`.

FILE is what `make bench` wrote. With `--plot` the growth with the number of sessions is drawn into an SVG file.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from bench.compare.report import MEASURES, Figure, Row, cells

_TITLES = ("what", "itermbus", "compared with", "ratio", "to reach", "reached", "note")


def markdown(run: dict[str, Any]) -> str:
    """The machine, the table, and the points of the growth."""
    parts = [_machine(run["machine"]), _table(_TITLES, [cells(_row(row)) for row in run["rows"]])]
    if run["growth"]:
        parts.append(_table(*_growth(run["growth"])))
    return "\n\n".join(parts) + "\n"


def _machine(machine: dict[str, Any]) -> str:
    load = ", ".join(str(each) for each in machine["load_before"])
    return (
        f"Commit {machine['commit']}, {machine['date']}: {machine['processors']} x {machine['processor']}, "
        f"{machine['memory_bytes'] / 2**30:.0f} GiB, {machine['system']}; Python {machine['python']}, "
        f"libzmq {machine['libzmq']}, Node.js {machine['node'] or 'not there'}, {machine['socat'] or 'no socat'}. "
        f"Load before it began: {load}. Medians, with the lowest and the highest of {_rounds(machine)}."
    )


def _rounds(machine: dict[str, Any]) -> str:
    return f"{machine['rounds']} rounds (fewer where the row says so), amounts times {machine['factor']:g}"


def _row(stored: dict[str, Any]) -> Row:
    theirs = stored["theirs"]
    return Row(
        stored["what"],
        stored["unit"],
        Figure(stored["ours"]["values"]),
        None if theirs is None else Figure(theirs["values"]),
        stored["target"],
        stored["note"],
        stored["against"],
    )


def _growth(points: list[dict[str, float]]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    titles = ("sessions", *(f"{what}, {unit}" for what, unit in MEASURES.values()))
    return titles, [(f"{point['sessions']:.0f}", *(f"{point[key]:.3g}" for key in MEASURES)) for point in points]


def _table(titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [titles, ("---",) * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.report", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg")
    arguments = parser.parse_args()
    run = json.loads(arguments.file.read_text())
    print(markdown(run), end="")
    if arguments.plot is not None:
        if not run["growth"]:
            parser.error(f"{arguments.file} has no growth to draw: it was made without that row")
        # Only `make bench` sets up what draws.
        from bench.plot import draw

        draw(run["growth"], arguments.plot)


if __name__ == "__main__":
    main()
