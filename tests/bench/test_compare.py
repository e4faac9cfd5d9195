"""`make bench` works: a tiny run of every row, in which the clients check each byte. No figure is judged."""

import json
import math
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from bench.compare import terminals
from bench.compare.report import Figure, Report, Row
from bench.compare.rows import ROWS
from bench.compare.turns import Size
from bench.report import markdown, put_in

#: Rows that compare with the design of which `socat` is a part; `make test` does not ask for it.
_WITH_SOCAT = {
    "throughput",
    "echo-idle",
    "echo-beside-programs",
    "echo-beside-flood",
    "small-chunks",
    "many-floods",
    "fan-out",
    "memory",
}

_FACTOR = 0.005


@pytest.mark.parametrize("name", ROWS)
def test_a_tiny_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if name in _WITH_SOCAT and shutil.which("socat") is None:
        pytest.skip("socat is not installed")
    # Only `make bench` sets node-pty up, from a registry: without it here, too, every machine tests the same.
    monkeypatch.setattr(terminals, "node_pty_version", lambda: None)
    report = Report(Console(quiet=True), rounds=1, factor=_FACTOR)
    ROWS[name](Size(rounds=1, factor=_FACTOR), report)
    report.show()
    assert report.rows
    for row in report.rows:
        for figure in (row.ours, row.theirs):
            assert figure is None or all(math.isfinite(value) and value >= 0 for value in figure.values), row
    report.write(tmp_path / "run.json")
    said = markdown(json.loads((tmp_path / "run.json").read_text()))
    assert all(f"| {row.what} |" in said for row in report.rows)


def test_figures_take_the_place_of_those_before() -> None:
    page = "a\n<!-- figures -->\nold\n<!-- end of figures -->\nb\n"
    once = put_in(page, "new\n")
    assert once == "a\n<!-- figures -->\n\nnew\n\n<!-- end of figures -->\nb\n"
    assert put_in(once, "new\n") == once


@pytest.mark.parametrize(
    ("target", "ours", "theirs", "reached"),
    [
        (">= 2.0", 4.0, 2.0, True),
        (">= 2.0", 3.9, 2.0, False),
        ("<= 0.6", 1.0, 2.0, True),
        ("<= 0.6", 2.0, 2.0, False),
        ("<= 12 MiB", 12.0, 1.0, True),
        ("<= 12 MiB", 12.1, 100.0, False),
        ("<= 1 % of a core", 0.9, None, True),
        (">= 2.0", 4.0, None, None),
        ("", 4.0, 2.0, None),
    ],
)
def test_a_target_is_about_the_ratio_unless_it_has_a_unit(
    target: str, ours: float, theirs: float | None, reached: bool | None
) -> None:
    compared = None if theirs is None else Figure([theirs])
    assert Row("x", "MB/s", Figure([ours]), compared, target).reached is reached
