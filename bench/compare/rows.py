"""What is measured: one function for each group of rows of the table."""

from collections.abc import Callable

from bench.compare.bare import machine
from bench.compare.floods import drain_pause, fan_out, many_floods, small_chunks, throughput
from bench.compare.growth import growth
from bench.compare.presence import crowded, memory, shim_start
from bench.compare.report import Report
from bench.compare.terminals import headless
from bench.compare.turns import Size
from bench.compare.typing_rows import echo_beside_flood, echo_beside_programs, echo_idle

ROWS: dict[str, Callable[[Size, Report], None]] = {
    "machine": machine,
    "throughput": throughput,
    "echo-idle": echo_idle,
    "echo-beside-programs": echo_beside_programs,
    "echo-beside-flood": echo_beside_flood,
    "headless": headless,
    "small-chunks": small_chunks,
    "many-floods": many_floods,
    "fan-out": fan_out,
    "crowd": crowded,
    "memory": memory,
    "shim": shim_start,
    "drain-pause": drain_pause,
    "growth": growth,
}
