"""The figures of a run as Markdown: `python -m bench.report FILE [--docs]`.

FILE is what `make bench` wrote. With `--docs` they go into docs/performance.md, with a plot of the growth beside it.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from bench.compare.report import MEASURES, Figure, Row, cells

_PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
_PLOT = Path("images") / "growth.svg"
_BEGIN, _END = "<!-- figures -->\n", "<!-- end of figures -->\n"

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
        f"Load before it began: {load}. Medians, with the lowest and the highest, of {machine['rounds']} rounds "
        f"(of 2 for memory and 3 for existing sessions at the most, of 1 for the growth), amounts times "
        f"{machine['factor']:g}."
    )


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


def put_in(page: str, figures: str) -> str:
    """A page with these figures in place of those between its two marks. Raises `ValueError` without marks."""
    before, after = page.index(_BEGIN) + len(_BEGIN), page.index(_END)
    return f"{page[:before]}\n{figures}\n{page[after:]}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.report", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--docs", action="store_true", help="write it into docs/performance.md")
    arguments = parser.parse_args()
    run = json.loads(arguments.file.read_text())
    if not arguments.docs:
        print(markdown(run), end="")
        return
    text = markdown(run)
    if run["growth"]:
        # Only `make bench` sets up what draws.
        from bench.plot import draw

        draw(run["growth"], _PAGE.parent / _PLOT)
        text += f"\n![Each of these over the number of sessions]({_PLOT})\n"
    _PAGE.write_text(put_in(_PAGE.read_text(), text))


if __name__ == "__main__":
    main()
