"""Rows of the machine's own limit."""

import statistics

from bench.compare import limits
from bench.compare.report import Report, Row
from bench.compare.turns import MB, Size, turns


def machine(size: Size, report: Report) -> None:
    """A bare pipe, a bare PTY, a bare echo: nothing between the two ends."""
    found = turns(
        size,
        report,
        {
            "a bare pipe": lambda: {"": limits.pipe_bytes_per_second(size.of(2000 * MB), 65536) / MB},
            "a bare pipe, 1 KiB chunks": lambda: {"": limits.pipe_bytes_per_second(size.of(200 * MB), 1024) / MB},
            "a bare PTY read": lambda: {"": limits.pty_bytes_per_second(size.of(200 * MB)) / MB},
            "echo over a Unix socket, p50": lambda: {"": statistics.median(limits.echo_seconds(size.of(2000))) * 1000},
        },
    )
    for name, figures in found.items():
        report.add(Row(f"the machine: {name}", "ms" if name.startswith("echo") else "MB/s", figures[""]))
