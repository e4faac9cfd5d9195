"""What processes cost: CPU seconds, private memory, and which kind each is."""

import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import psutil

#: A word of the command line -> the kind of process. The first that fits counts.
_KINDS = {
    "workers.pty": "worker",
    "shim.py": "shim",
    "workers.gateway": "gateway",
    "broker": "broker",
    "bench.compare.stub_broker": "stub broker",
    "supervisor.supervisord": "supervisord",
    "headless": "host",
    "headless.emulator": "host",
    "itermbus": "itermbus up",
    "socat": "socat",
}


def kind_of(process: psutil.Process) -> str:
    """`worker`, `shim` and so on; `other` for what is none of ours."""
    words = {Path(word).name for word in process.cmdline()}
    return next((kind for word, kind in _KINDS.items() if word in words), "other")


def cpu_seconds(process: psutil.Process) -> float:
    """What it has used so far, all threads."""
    if sys.platform == "linux":
        # In nanoseconds. What psutil reads is cut to 10 ms, in which an idle process spends a minute.
        folder = Path(f"/proc/{process.pid}/task")
        try:
            return sum(int((each / "schedstat").read_text().split()[0]) for each in folder.iterdir()) / 1e9
        except (FileNotFoundError, ProcessLookupError):
            pass  # It has ended, or the kernel keeps no such file: psutil knows which.
    times = process.cpu_times()
    return float(times.user + times.system)


def private_bytes(process: psutil.Process) -> int:
    """Memory that only this process has (USS): what would be free without it. Linux and macOS."""
    return int(process.memory_full_info().uss)


def by_kind(processes: Iterable[psutil.Process]) -> dict[str, list[psutil.Process]]:
    """Processes that still run, by their kind."""
    found: dict[str, list[psutil.Process]] = defaultdict(list)
    for process in processes:
        try:
            found[kind_of(process)].append(process)
        except psutil.Error:
            continue
    return dict(found)
