"""Rows about how long a typed byte takes to come back."""

import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench.compare.designs import ItermbusDesign, Kind, SocatDesign, read_line, scene
from bench.compare.floods import keeping
from bench.compare.report import Figure, Report, Row
from bench.compare.turns import MB, Size, Values, turns

#: A flood keeps so many processes of ours at work: who prints it, its worker, the gateway, and the client.
_BUSY_PROGRAMS = 4

_OURS, _THEIRS, _BESIDE_DEAF = ItermbusDesign.name, SocatDesign.name, "itermbus, beside a client that stopped reading"


def _echo(kind: Kind, count: int, flood: int = 0, deaf: bool = False) -> Values:
    """Echoes in one session, in milliseconds; `echoes`: how many were counted.

    With `flood` (bytes) another session floods, and those count that were typed while its output flowed. With `deaf`
    another client has connected and never reads.
    """
    with scene(kind, [flood] if flood else [], echo=True, keep=keeping(flood, flood)) as it:
        if deaf:
            it.viewer(reads=False)
        # It reads everything, and checks its echoes only: while it types, what is late may be replaced by a screen.
        typist = it.viewer(floods={}, echo=it.sessions[0], echoes=count)
        it.go(typist)
        if flood:
            it.flood()
        echoes = read_line(typist)["echoes"]
    during = [took for took, beside in echoes if beside]
    # A smoke run's flood may be over before the first byte is typed.
    took = sorted(during or [took for took, _ in echoes])
    return {
        "p50": statistics.median(took) * 1000,
        "p99": took[min(len(took) - 1, int(len(took) * 0.99))] * 1000,
        "echoes": len(during),
    }


def echo_idle(size: Size, report: Report) -> None:
    """Nothing else happens."""
    count = size.of(1000)
    found = turns(size, report, {k.name: partial(_echo, k, count) for k in (ItermbusDesign, SocatDesign)})
    ours, theirs = found[_OURS], found[_THEIRS]
    report.add(Row("echo, idle, p50", "ms", ours["p50"], theirs["p50"], "<= 1.0"))
    report.add(Row("echo, idle, p99", "ms", ours["p99"], theirs["p99"], "<= 1.0"))


def echo_beside_programs(size: Size, report: Report) -> None:
    """No flood, but as many programs as one keeps busy, which only compute: what the processors alone do to an echo."""
    count = size.of(400)

    def measure(kind: Kind) -> Values:
        with _busy_programs():
            return _echo(kind, count)

    found = turns(size, report, {k.name: partial(measure, k) for k in (ItermbusDesign, SocatDesign)})
    ours, theirs = found[_OURS], found[_THEIRS]
    report.add(Row(f"echo beside {_BUSY_PROGRAMS} programs that compute, p50", "ms", ours["p50"], theirs["p50"]))
    report.add(Row(f"echo beside {_BUSY_PROGRAMS} programs that compute, p99", "ms", ours["p99"], theirs["p99"]))


@contextmanager
def _busy_programs() -> Iterator[None]:
    programs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(_BUSY_PROGRAMS)]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


def echo_beside_flood(size: Size, report: Report) -> None:
    """Another session floods; then the same beside a second client that never reads."""
    count, flood = size.of(400), size.of(500 * MB)
    found = turns(
        size,
        report,
        {
            _OURS: lambda: _echo(ItermbusDesign, count, flood),
            _THEIRS: lambda: _echo(SocatDesign, count, flood),
            _BESIDE_DEAF: lambda: _echo(ItermbusDesign, count, flood, deaf=True),
        },
    )
    ours, theirs, deaf = found[_OURS], found[_THEIRS], found[_BESIDE_DEAF]
    row = Row("echo beside a flood, p99", "ms", ours["p99"], theirs["p99"], "<= 0.25")
    row.note = f"{_counted(ours['echoes'])} echoes while it flowed; in the socat design {_counted(theirs['echoes'])}"
    report.add(row)
    report.doing("the socat design beside a client that stopped reading")
    stalled = _echo(SocatDesign, size.of(50), flood, deaf=True)["p99"]
    row = Row("the same beside a client that stopped reading", "ms", deaf["p99"], ours["p99"], "<= 1.2")
    row.against = "without it"
    row.note = f"{_counted(deaf['echoes'])} echoes; the socat design: {stalled:.0f} ms" + (
        ", where the measurement gives up" if stalled >= 5000 else ""
    )
    report.add(row)


def _counted(figure: Figure) -> str:
    return f"{min(figure.values):.0f}-{max(figure.values):.0f}"
