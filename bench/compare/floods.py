"""Rows in which sessions print as fast as they can."""

from typing import Any

from bench.compare.designs import ItermbusDesign, Keep, Kind, SocatDesign, read_line, scene
from bench.compare.report import Figure, Report, Row
from bench.compare.turns import MB, Size, Values, turns

_OURS, _THEIRS = ItermbusDesign.name, SocatDesign.name

#: Neither of the two settings may be more.
_MOST_BYTES = 1 << 30


def ring_for(total: int) -> int:
    """A ring that holds a flood of so many bytes, at least the default."""
    return max(4 << 20, min(total + (1 << 20), _MOST_BYTES))


def queue_for(total: int) -> int:
    """A gateway's queue for one client that holds so many bytes as lines, at least the default."""
    return max(64 << 20, min(2 * total, _MOST_BYTES))


def keeping(each: int, total: int) -> Keep:
    """Settings with which a client that is slower than the flood gets every byte, `each` per session.

    A coprocess cannot be told to wait: by default such a client gets a fresh screen in place of what it is behind with.
    The socat design tells it nevertheless, and iTerm2 holds without bound what is not read yet.
    """
    return Keep(ring_for(each), queue_for(total))


def check(report: dict[str, Any], expected: int) -> None:
    """Raises `RuntimeError` unless the client had every byte, and each as it was written."""
    if report["repaints"]:
        raise RuntimeError("the client got a screen in place of bytes: it was too far behind")
    if report["wrong"] or report["bytes"] != expected:
        raise RuntimeError(f"the client got {report['bytes']} of {expected} bytes, {report['wrong']} pieces wrong")


def flood(kind: Kind, floods: list[int], chunk: int = 65536, viewers: int = 1) -> Values:
    """One flood, of so many bytes in each session, in writes of `chunk` bytes.

    `rate`: MB per second until the last client has all. `cpu`: seconds per GB delivered, of all processes but the
    two ends.
    `share`: what the slowest session had, of a fair share, when the fastest had all.
    """
    total = sum(floods)
    with scene(kind, floods, chunk=chunk, keep=keeping(max(floods), total)) as it:
        clients = [it.viewer() for _ in range(viewers)]
        for client in clients:
            it.go(client)
        cpu, began = it.cpu(), it.flood()
        reports = [read_line(client) for client in clients]
        used = it.cpu() - cpu
    for report in reports:
        check(report, total)
    ended = max(max(report["finished"].values()) for report in reports)
    shares = [list(report["at_first"].values()) for report in reports]
    return {
        "rate": total / (ended - began) / MB,
        "cpu": used / (total * viewers / 1e9),
        "share": min(min(share) * len(share) / sum(share) for share in shares),
    }


def _both(size: Size, report: Report, floods: list[int], chunk: int = 65536) -> dict[str, dict[str, Figure]]:
    return turns(
        size,
        report,
        {
            _OURS: lambda: flood(ItermbusDesign, floods, chunk),
            _THEIRS: lambda: flood(SocatDesign, floods, chunk),
        },
    )


def throughput(size: Size, report: Report) -> None:
    """One session floods, one client reads."""
    found = _both(size, report, [size.of(400 * MB)])
    ours, theirs = found[_OURS], found[_THEIRS]
    report.add(Row("throughput, one session, one client", "MB/s", ours["rate"], theirs["rate"], ">= 2.0"))
    report.add(Row("CPU of all processes per GB delivered", "s/GB", ours["cpu"], theirs["cpu"], "<= 0.6"))


def small_chunks(size: Size, report: Report) -> None:
    """The same in the small writes that iTerm2 makes."""
    found = _both(size, report, [size.of(100 * MB)], chunk=1024)
    ours, theirs = found[_OURS], found[_THEIRS]
    report.add(Row("throughput, 1 KiB chunks", "MB/s", ours["rate"], theirs["rate"], ">= 2.0"))


def many_floods(size: Size, report: Report) -> None:
    """Eight sessions flood at once, one client reads them all."""
    found = _both(size, report, [size.of(50 * MB)] * 8)
    ours, theirs = found[_OURS], found[_THEIRS]
    report.add(Row("8 sessions flooding, total", "MB/s", ours["rate"], theirs["rate"], ">= 2.0"))
    note = f"the socat design: {theirs['share'].median:.2f}"
    report.add(
        Row("the same: the slowest session's part of a fair share", "of 1", ours["share"], None, ">= 0.5 of 1", note)
    )


def fan_out(size: Size, report: Report) -> None:
    """What one second of CPU delivers to 32 clients of a session, against what it does to one in the socat design."""
    total = size.of(20 * MB)
    found = turns(
        size,
        report,
        {
            _OURS: lambda: {"out": 1000 / flood(ItermbusDesign, [total], viewers=32)["cpu"]},
            _THEIRS: lambda: {"out": 1000 / flood(SocatDesign, [total])["cpu"]},
        },
    )
    row = Row("bytes out per CPU second, 32 clients", "MB", found[_OURS]["out"], found[_THEIRS]["out"], ">= 4")
    row.note = "the socat design with one client"
    report.add(row)


def drain_pause(size: Size, report: Report) -> None:
    """How long bytes wait at the most in the pipe of a session that floods, while a client reads."""
    total = size.of(400 * MB)

    def measure() -> Values:
        with scene(ItermbusDesign, [total], watch=True, keep=keeping(total, total)) as it:
            client = it.viewer()
            it.go(client)
            it.flood()
            pause = read_line(it.producer)["pause"]
            check(read_line(client), total)
        return {"pause": pause * 1000}

    found = turns(size, report, {_OURS: measure})
    report.add(Row("worker's longest pause under flood", "ms", found[_OURS]["pause"], target="<= 50 ms"))
