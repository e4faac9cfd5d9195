"""Sessions that are there before itermbus starts: the host runs beside it, as iTerm2 does, and each runs `cat`."""

import base64
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.compare.designs import Running, read_line, wait
from bench.compare.processes import by_kind, cpu_seconds, private_bytes
from bus.paths import Paths
from tests.support import kill_all_of, processes_of, temporary_home

#: Between two lines that a session is given to print, until one has arrived: what the measured time may be too long by.
_POKE_SECONDS = 0.1

_ATTACH_SECONDS = 180.0

#: What runs in iTerm2's place or for the measurement, and is no part of itermbus.
_NOT_OURS = ("host", "other")

#: After the last session has been attached: what is still being made ready is no part of being idle.
_SETTLE_SECONDS = 10.0


class Crowd:
    """A host with sessions that print what is written into their FIFOs; then, beside it, itermbus."""

    def __init__(self, home: Path, count: int) -> None:
        self._home = home
        self._gateway = Paths(home).gateway_socket
        self._run = Paths(home).run
        self._running = Running(home)
        self._running.spawn("-m", "headless", "--no-window", "--log-level", "error")
        for number in range(count):
            os.mkfifo(home / f"to{number}")
        read_line(self._running.spawn("-m", "bench.compare.make_sessions", str(count), f"/bin/cat {home}/to{{}}"))
        # Opening waits until the session's `cat` has opened the other end.
        self._inputs = [(home / f"to{number}").open("wb", buffering=0) for number in range(count)]

    def attach(self) -> float:
        """Starts itermbus. Seconds from the start of its broker until a client has output of every session."""
        self._running.spawn("-m", "itermbus", "up", "--no-headless")
        seen = _Seen(self._gateway)
        # The session that is last counts, so nothing is printed before its worker is there: that would only take
        # processors from those that start.
        wait(self._has_all_workers, "the workers", _ATTACH_SECONDS, every=_POKE_SECONDS)
        deadline = time.monotonic() + _ATTACH_SECONDS
        while missing := set(range(len(self._inputs))) - seen.numbers:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(missing)} sessions were not attached within {_ATTACH_SECONDS:g} s")
            for number in missing:
                self._inputs[number].write(b"<%d>\n" % number)
            time.sleep(_POKE_SECONDS)
        [broker] = self.processes()["broker"]
        seen.close()
        return float(seen.latest - broker.create_time())

    def _has_all_workers(self) -> bool:
        return sum(1 for _ in self._run.glob("*.attach")) >= len(self._inputs)

    def processes(self) -> dict[str, list[psutil.Process]]:
        """What runs of this home folder, by kind."""
        return by_kind(processes_of(self._home))

    def idle_cpu(self, seconds: float) -> dict[str, float]:
        """Percent of a core by kind of process while nobody does anything, those of itermbus only."""
        time.sleep(_SETTLE_SECONDS if seconds > _SETTLE_SECONDS else seconds)
        ours = {kind: found for kind, found in self.processes().items() if kind not in _NOT_OURS}
        before = {process: cpu_seconds(process) for found in ours.values() for process in found}
        began = time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - began
        used = {process: cpu_seconds(process) - spent for process, spent in before.items()}
        return {kind: 100 * sum(used[process] for process in found) / took for kind, found in ours.items()}

    def private_bytes_per_session(self) -> float:
        """Of the workers and the shims."""
        found = self.processes()
        return sum(private_bytes(each) for kind in ("worker", "shim") for each in found[kind]) / len(self._inputs)

    def close(self) -> None:
        for each in self._inputs:
            each.close()
        kill_all_of(self._home)
        self._running.close()


class _Seen:
    """A client that notes which sessions' output has come: each prints its number."""

    def __init__(self, gateway: Path) -> None:
        self.numbers: set[int] = set()
        #: When the latest new one came, in seconds of the system's clock, by which processes' starts are told.
        self.latest = 0.0
        self._connection = socket.socket(socket.AF_UNIX)
        wait(lambda: self._connection.connect_ex(str(gateway)) == 0, "the gateway")
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with self._connection.makefile("rb") as lines:
            for line in lines:
                message = json.loads(line)
                if message["type"] == "terminal_data":
                    self._take(base64.b64decode(message["data"]))

    def _take(self, data: bytes) -> None:
        for piece in data.split():
            if not (piece.startswith(b"<") and piece.endswith(b">")):
                continue
            number = int(piece[1:-1])
            if number not in self.numbers:
                self.latest = time.time()
                self.numbers.add(number)

    def close(self) -> None:
        self._connection.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._connection.close()


@contextmanager
def crowd(count: int) -> Iterator[Crowd]:
    """A host with `count` sessions, and nothing of itermbus yet."""
    with temporary_home() as home:
        it = Crowd(home, count)
        try:
            yield it
        finally:
            it.close()
