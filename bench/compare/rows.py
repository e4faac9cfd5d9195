"""What is measured, one function for each row of the table; rounds of both designs take turns."""

import statistics
import time
from collections.abc import Callable
from typing import Any

from bench.compare import limits
from bench.compare.designs import ItermbusDesign, SocatDesign, private_bytes, read_line, scene, wait
from bench.compare.report import Figure, Report, Row
from bus.ring_file import head_of

_MB = 1_000_000
_BOTH: tuple[type[ItermbusDesign] | type[SocatDesign], ...] = (ItermbusDesign, SocatDesign)


class Size:
    """How much is done: rounds, and a factor for the amounts of each."""

    def __init__(self, rounds: int, factor: float) -> None:
        self.rounds = rounds
        self._factor = factor

    def of(self, amount: int) -> int:
        return max(1, int(amount * self._factor))


def _check(report: dict[str, Any], expected: int) -> None:
    if report["wrong"] or report["bytes"] != expected:
        raise RuntimeError(f"the client got {report['bytes']} of {expected} bytes, {report['wrong']} lines wrong")


def _ring(total: int) -> int:
    """A ring that holds the flood: throughput is that of a client which gets every byte, and a coprocess cannot be
    told to wait; the socat design makes iTerm2 hold instead what is not read yet."""
    return max(4 << 20, min(total + (1 << 20), 1 << 30))


def _flood(kind: Any, floods: list[int], chunk: int = 65536, viewers: int = 1) -> dict[str, float]:
    """One flood: bytes per second until the (last) client has all, CPU seconds per GB, the slowest session's share."""
    total = sum(floods)
    with scene(kind, floods, chunk=chunk, ring_bytes=_ring(max(floods))) as it:
        clients = [it.viewer() for _ in range(viewers)]
        for client in clients:
            it.go(client)
        cpu, began = it.cpu(), time.monotonic()
        it.flood()
        reports = [read_line(client) for client in clients]
        used = it.cpu() - cpu
        for report in reports:
            _check(report, total)
        ended = max(max(report["finished"].values()) for report in reports)
        firsts = [min(report["finished"].values()) - began for report in reports]
        return {
            "rate": total / (ended - began) / _MB,
            "cpu": used / (total * viewers / 1e9),
            # The session that was last had this much of the rate of the one that was first.
            "share": min(firsts) / (ended - began),
        }


def _rounds(size: Size, measure: Callable[[Any], dict[str, float]]) -> dict[str, tuple[Figure, Figure]]:
    """Both designs in turns: key -> (ours, theirs)."""
    found: dict[str, tuple[Figure, Figure]] = {}
    for _ in range(size.rounds):
        for kind in _BOTH:
            for key, value in measure(kind).items():
                figures = found.setdefault(key, (Figure(), Figure()))
                figures[_BOTH.index(kind)].values.append(value)
    return found


def throughput(size: Size, report: Report) -> None:
    total = size.of(400 * _MB)
    found = _rounds(size, lambda kind: _flood(kind, [total]))
    report.add(Row("throughput, one session, one client", "MB/s", *found["rate"], target=">= 2.0"))
    report.add(Row("CPU of all processes", "s/GB", *found["cpu"], target="<= 0.6"))


def small_chunks(size: Size, report: Report) -> None:
    total = size.of(100 * _MB)
    found = _rounds(size, lambda kind: _flood(kind, [total], chunk=1024))
    report.add(Row("throughput, 1 KiB chunks", "MB/s", *found["rate"], target=">= 2.0"))


def many_floods(size: Size, report: Report) -> None:
    each = size.of(50 * _MB)
    found = _rounds(size, lambda kind: _flood(kind, [each] * 8))
    note = f"first session done at {found['share'][0].median:.0%} of the time of the last"
    report.add(Row("8 sessions flooding, total", "MB/s", *found["rate"], target=">= 2.0", note=note))


def fan_out(size: Size, report: Report) -> None:
    total = size.of(20 * _MB)
    row = Row("bytes out per CPU second, 32 clients against one", "MB/s", Figure(), Figure(), target=">= 4")
    for _ in range(size.rounds):
        row.ours.values.append(1000 / _flood(ItermbusDesign, [total], viewers=32)["cpu"])
        assert row.theirs is not None
        row.theirs.values.append(1000 / _flood(SocatDesign, [total])["cpu"])
    report.add(row)


# --- typing ---


def _echo(kind: Any, count: int, flood: int = 0, deaf: bool = False) -> dict[str, float]:
    """Echoes in one session; with `flood` while another floods, with `deaf` beside a client that never reads."""
    with scene(kind, [flood] if flood else [], echo=True, ring_bytes=_ring(flood)) as it:
        if deaf:
            it.viewer(reads=False)
        # It reads everything, and waits for its echoes only: what it gets late may be dropped for it.
        typist = it.viewer(floods={}, echo=it.sessions[0], echoes=count)
        it.go(typist)
        if flood:
            it.flood()
        took = sorted(read_line(typist)["echoes"])
        return {
            "p50": statistics.median(took) * 1000,
            "p99": took[min(len(took) - 1, int(len(took) * 0.99))] * 1000,
        }


def echo_idle(size: Size, report: Report) -> None:
    count = size.of(1000)
    found = _rounds(size, lambda kind: _echo(kind, count))
    report.add(Row("echo, idle, p50", "ms", *found["p50"], target="<= 1.0"))
    report.add(Row("echo, idle, p99", "ms", *found["p99"], target="<= 1.0"))


def echo_beside_flood(size: Size, report: Report) -> None:
    count, flood = size.of(400), size.of(500 * _MB)
    found = _rounds(size, lambda kind: _echo(kind, count, flood))
    report.add(Row("echo beside a flood, p99", "ms", *found["p99"], target="<= 0.25"))
    row = Row("the same beside a client that stopped reading", "ms", Figure(), found["p99"][0], target="<= 1.2")
    for _ in range(size.rounds):
        row.ours.values.append(_echo(ItermbusDesign, count, flood, deaf=True)["p99"])
    stalled = _echo(SocatDesign, 50, flood, deaf=True)["p99"]
    row.note = f"compared with our own without it; the socat design: {stalled:.0f} ms" + (
        ", where the measurement gives up" if stalled >= 5000 else ""
    )
    report.add(row)


# --- what it costs to be there ---


def memory(size: Size, report: Report) -> None:
    row = Row("private memory of a session, worker + shim", "MiB", Figure(), Figure(), target="<= 12 MiB")
    assert row.theirs is not None
    for kind, figure in ((ItermbusDesign, row.ours), (SocatDesign, row.theirs)):
        with scene(kind, [], quiet=10) as it:
            shims = [p for p in it.members if any(word in " ".join(p.cmdline()) for word in ("shim.py", "socat -"))]
            workers = [p for p in it.members if "workers.pty" in p.cmdline()]
            total = sum(private_bytes(p) for p in (*shims, *workers))
            figure.values.append(total / 10 / 2**20)
    row.note = "of the socat design one socat; its server has the rest for all"
    report.add(row)


def drain_pause(size: Size, report: Report) -> None:
    """The worker's longest pause under a flood: how long bytes wait in the pipe while its head stands still."""
    row = Row("worker's longest pause under flood", "ms", Figure(), target="<= 50 ms")
    total = size.of(400 * _MB)
    for _ in range(size.rounds):
        with scene(ItermbusDesign, [total]) as it:
            client = it.viewer()
            it.go(client)
            ring = str(it.design.paths.session(it.sessions[0]).ring)
            it.flood()
            row.ours.values.append(_longest_standstill(ring, total) * 1000)
    report.add(row)


def _longest_standstill(ring: str, total: int) -> float:
    wait(lambda: head_of(ring) > total // 20, "the flood")
    longest, head, since = 0.0, head_of(ring), time.perf_counter()
    while head < total * 95 // 100:
        now, at = head_of(ring), time.perf_counter()
        if now != head:
            longest = max(longest, at - since)
            head, since = now, at
    return longest


def machine(size: Size, report: Report) -> None:
    pipe, small, terminal, echo = Figure(), Figure(), Figure(), Figure()
    for _ in range(size.rounds):
        pipe.values.append(limits.pipe_bytes_per_second(size.of(2000 * _MB), 65536) / _MB)
        small.values.append(limits.pipe_bytes_per_second(size.of(200 * _MB), 1024) / _MB)
        terminal.values.append(limits.pty_bytes_per_second(size.of(200 * _MB)) / _MB)
        echo.values.append(statistics.median(limits.echo_seconds(size.of(2000))) * 1000)
    report.add(Row("the machine: a bare pipe", "MB/s", pipe))
    report.add(Row("the machine: a bare pipe, 1 KiB chunks", "MB/s", small))
    report.add(Row("the machine: a bare PTY read", "MB/s", terminal))
    report.add(Row("the machine: echo over a Unix socket, p50", "ms", echo))


ROWS: dict[str, Callable[[Size, Report], None]] = {
    "machine": machine,
    "throughput": throughput,
    "echo-idle": echo_idle,
    "echo-beside-flood": echo_beside_flood,
    "small-chunks": small_chunks,
    "many-floods": many_floods,
    "fan-out": fan_out,
    "memory": memory,
    "drain-pause": drain_pause,
}
