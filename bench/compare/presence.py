"""Rows about what it costs to be there, and to come into being."""

import statistics
from functools import partial

from bench.compare.crowd import crowd
from bench.compare.designs import ItermbusDesign, Kind, SocatDesign, scene
from bench.compare.processes import by_kind, private_bytes
from bench.compare.report import Figure, Report, Row
from bench.compare.shim_start import WorkersPlace
from bench.compare.turns import Size, Values, turns
from tests.support import temporary_home

_QUIET_SESSIONS = 10


def memory(size: Size, report: Report) -> None:
    """What each session adds."""

    def measure(design: Kind) -> Values:
        with scene(design, [], quiet=_QUIET_SESSIONS) as it:
            found = by_kind(it.members)
            of_sessions = [each for kind in ("worker", "shim", "socat") for each in found.get(kind, [])]
            return {"memory": sum(private_bytes(each) for each in of_sessions) / _QUIET_SESSIONS / 2**20}

    kinds = (ItermbusDesign, SocatDesign)
    found = turns(size.fewer(2), report, {k.name: partial(measure, k) for k in kinds})
    ours, theirs = (found[k.name]["memory"] for k in kinds)
    row = Row("private memory of a session, worker + shim", "MiB", ours, theirs, "<= 12 MiB")
    row.note = "of the socat design one socat; its server has the rest for all"
    report.add(row)


def crowded(size: Size, report: Report) -> None:
    """A hundred sessions that are there before itermbus: until all are attached, and what they cost while quiet."""
    count, seconds = size.of(100), size.of(20)
    attach, idle = Figure(), Figure()
    kinds: dict[str, list[float]] = {}
    size = size.fewer(3)
    for number in range(size.rounds):
        report.doing(f"round {number + 1} of {size.rounds}: making {count} sessions")
        with crowd(count) as it:
            report.doing(f"round {number + 1} of {size.rounds}: attaching")
            attach.values.append(it.attach())
            report.doing(f"round {number + 1} of {size.rounds}: doing nothing for {seconds} s")
            shares = it.idle_cpu(seconds)
        idle.values.append(sum(shares.values()))
        for kind, share in shares.items():
            kinds.setdefault(kind, []).append(share)
    row = Row(f"attach {count} existing sessions, until all output flows", "s", attach, target="<= 6 s")
    row.note = "from the start of the broker"
    report.add(row)
    row = Row(f"idle CPU with {count} quiet sessions", "% of a core", idle, target="<= 1 % of a core")
    row.note = ", ".join(f"{kind} {statistics.median(shares):.2f}" for kind, shares in sorted(kinds.items()))
    report.add(row)


def shim_start(size: Size, report: Report) -> None:
    """From the launch of a shim until somebody else holds the pipes; beside it, a Python that does nothing."""
    count = size.of(20)
    with temporary_home() as home:
        place = WorkersPlace(home)
        try:
            place.hand_over_seconds()  # Compiles what was not.
            found = turns(
                size,
                report,
                {
                    "shim": lambda: {"ms": 1000 * statistics.median(place.hand_over_seconds() for _ in range(count))},
                    "python": lambda: {
                        "ms": 1000 * statistics.median(place.interpreter_seconds() for _ in range(count))
                    },
                },
            )
        finally:
            place.close()
    row = Row("shim, exec to hand-over", "ms", found["shim"]["ms"], found["python"]["ms"], "<= 60 ms")
    row.against = "a bare Python"
    report.add(row)
