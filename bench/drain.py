"""How much iTerm2 has to hold for a coprocess while something is wrong with its readers, by the host's own counter.

    python -m bench.drain [--bytes 1000000000] [SCENARIO ...]

Each scenario floods one session of a whole system in a home folder of its own, and the headless host counts what waits
for the coprocess, which iTerm2 would hold without bound. It ends with a table; nothing here passes or fails.
"""

import argparse
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import psutil
from rich.console import Console
from rich.table import Table

from tests.end_to_end.node_client import NodeClient
from tests.end_to_end.system import System
from tests.support import temporary_home, wait_until

Scenario = Callable[["Flood"], None]


class Flood:
    """A system with one session that floods."""

    def __init__(self, system: System, size: int) -> None:
        self.system = system
        self.size = size
        self.notes: list[str] = []
        client = NodeClient(system.paths.gateway_socket)
        client.wait_ready()
        self.session_id = str(client.sessions[0]["session_id"])
        wait_until(lambda: system.is_attached(self.session_id), "the session to be attached")
        self._begin = system.home / "begin"
        client.type(
            self.session_id, f"until [ -e {self._begin} ]; do sleep 0.05; done; yes | head -c {size}\n".encode()
        )
        client.wait_output(self.session_id, b"head -c")
        client.close()

    def begin(self) -> None:
        self._begin.touch()
        wait_until(lambda: self.received > self.size // 20, "the flood", seconds=60)

    @property
    def _counts(self) -> dict[str, object]:
        sessions = self.system.host_statistics()["sessions"]
        assert isinstance(sessions, dict)
        counts: dict[str, object] = sessions[self.session_id]
        return counts

    @property
    def received(self) -> int:
        return int(str(self._counts["received_bytes"]))

    @property
    def coprocess(self) -> dict[str, int]:
        counts = self._counts["coprocess"]
        assert isinstance(counts, dict), "the coprocess has ended"
        return counts

    def is_over(self) -> bool:
        counts = self.coprocess
        return self.received >= self.size and counts["buffered_bytes"] == 0

    def pid(self, name: str) -> int:
        return self.system.supervisorctl().get(name, ("", 0))[1]

    @property
    def worker(self) -> int:
        return self.pid(f"pty-{self.session_id}")


def nothing(flood: Flood) -> None:
    """Nothing is wrong; nobody reads."""
    flood.begin()


def stopped_gateway(flood: Flood) -> None:
    """The gateway is stopped (SIGSTOP) with a client that wants everything."""
    client = NodeClient(flood.system.paths.gateway_socket)
    client.wait_ready()
    os.kill(flood.pid("gateway"), signal.SIGSTOP)
    flood.begin()
    wait_until(flood.is_over, "the end of the flood", seconds=600)
    os.kill(flood.pid("gateway"), signal.SIGCONT)
    client.close()


def killed_workers(flood: Flood) -> None:
    """The worker is killed (-9) again and again."""
    flood.begin()
    kills, chance = 0, random.Random(4)
    while not flood.is_over():
        if pid := flood.worker:
            os.kill(pid, signal.SIGKILL)
            kills += 1
        time.sleep(chance.uniform(0.1, 1.5))
    flood.notes.append(f"{kills} kills")


def _has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def stopped_worker(flood: Flood) -> None:
    """The worker is stopped (SIGSTOP), five times."""
    flood.begin()
    times: list[float] = []
    while not flood.is_over() and len(times) < 5:
        worker = wait_until(lambda: flood.worker, "a worker")
        time.sleep(1.0)
        stopped = time.monotonic()
        os.kill(worker, signal.SIGSTOP)
        process = psutil.Process(worker)
        wait_until(partial(_has_ended, process), "its end", seconds=30)
        times.append(time.monotonic() - stopped)
    flood.notes.append("killed after " + ", ".join(f"{t:.2f} s" for t in times))


def dead_supervisord(flood: Flood) -> None:
    """supervisord is killed (-9) and started again after 30 s."""
    flood.begin()
    pid = int(flood.system.paths.supervisor_pid.read_text())
    flood.system.up.kill()
    os.kill(pid, signal.SIGKILL)
    time.sleep(30)
    flood.notes.append(f"{flood.received / 1e6:.0f} MB printed by then")
    flood.system.start()
    flood.system.wait_up()


SCENARIOS: dict[str, Scenario] = {
    "nothing": nothing,
    "stopped-gateway": stopped_gateway,
    "killed-workers": killed_workers,
    "stopped-worker": stopped_worker,
    "dead-supervisord": dead_supervisord,
}


@contextmanager
def _system() -> Iterator[System]:
    with temporary_home() as home:
        system = System(home, own_host=True)
        try:
            system.wait_up()
            yield system
        finally:
            system.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, []], metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--bytes", type=int, default=1_000_000_000)
    arguments = parser.parse_args()
    console = Console()
    table = Table("scenario", "MB", "s", "MB/s", "most that iTerm2 held, MiB", "notes")
    for name in arguments.scenarios or SCENARIOS:
        console.print(f"{name} …")
        with _system() as system:
            flood = Flood(system, arguments.bytes)
            started = time.monotonic()
            SCENARIOS[name](flood)
            wait_until(flood.is_over, "the end of the flood", seconds=900)
            seconds = time.monotonic() - started
            megabytes = flood.received / 1e6
            peak = flood.coprocess["peak_buffered_bytes"] / 2**20
            rate = megabytes / seconds
            table.add_row(
                name, f"{megabytes:.0f}", f"{seconds:.1f}", f"{rate:.1f}", f"{peak:.2f}", "; ".join(flood.notes)
            )
            console.print(table)


if __name__ == "__main__":
    main()
