"""How costs grow with the number of sessions: per byte and per session they should not."""

from bench.compare.crowd import crowd
from bench.compare.designs import ItermbusDesign
from bench.compare.floods import flood
from bench.compare.report import MEASURES, Figure, Report, Row
from bench.compare.turns import MB, Size

_SESSIONS = (1, 10, 50, 100, 200)


def growth(size: Size, report: Report) -> None:
    """The curve, and for each measure what it is with the most sessions against one."""
    total, seconds = size.of(200 * MB), size.of(10)
    for count in sorted({size.of(number) for number in _SESSIONS}):
        report.growth.append(_point(report, count, total, seconds))
    first, last = report.growth[0], report.growth[-1]
    for key, (what, unit) in MEASURES.items():
        row = Row(f"growth: {what}, {last['sessions']:.0f} sessions", unit, Figure([last[key]]), Figure([first[key]]))
        row.against = f"{first['sessions']:.0f} session"
        report.add(row)


def _point(report: Report, count: int, total: int, seconds: int) -> dict[str, float]:
    report.doing(f"{count} sessions that flood")
    cpu = flood(ItermbusDesign, [max(1, total // count)] * count)["cpu"]
    report.doing(f"making and attaching {count} sessions")
    with crowd(count) as it:
        attached = it.attach()
        report.doing(f"{count} quiet sessions for {seconds} s")
        idle = sum(it.idle_cpu(seconds).values())
        memory = it.private_bytes_per_session()
    return {
        "sessions": count,
        "cpu_s_per_gb": cpu,
        "idle_percent_per_session": idle / count,
        "private_mib_per_session": memory / 2**20,
        "attach_seconds": attached,
    }
