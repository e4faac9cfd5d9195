"""What the figures were measured on."""

import os
import platform
import shutil
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import psutil
import zmq

_ROOT = Path(__file__).parents[2]


def facts() -> dict[str, object]:
    """The machine, how busy it was before, and the versions of what was measured."""
    return {
        "date": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "processor": _processor(),
        "processors": psutil.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "load_before": [round(load, 2) for load in os.getloadavg()],
        "commit": _says("git", "-C", str(_ROOT), "describe", "--always", "--dirty"),
        "python": platform.python_version(),
        "libzmq": zmq.zmq_version(),
        "pyzmq": metadata.version("pyzmq"),
        "msgspec": metadata.version("msgspec"),
        "node": _says("node", "--version"),
        "socat": next((line for line in _says("socat", "-V").splitlines() if "version" in line), ""),
    }


def _processor() -> str:
    if sys.platform == "darwin":
        return _says("sysctl", "-n", "machdep.cpu.brand_string")
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _says(*command: str) -> str:
    """What a command prints; nothing where there is no such command."""
    if shutil.which(command[0]) is None:
        return ""
    return subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout.strip()
