"""Rows of a terminal that floods, read whole by a Node program: through itermbus, by node-pty, and by nobody else."""

import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.compare.designs import Running, read_line, wait, write_config
from bench.compare.flooder import READY
from bench.compare.floods import check, keeping
from bench.compare.pattern import pattern
from bench.compare.report import Report, Row
from bench.compare.turns import MB, Size, Values, turns
from bus.paths import Paths, prepare
from tests.end_to_end.system import System
from tests.support import environment, temporary_home

_FLOODER = Path(__file__).with_name("flooder.py")
_NODE = Path(__file__).parents[1] / "node"
_NODE_PTY = _NODE / "node_modules" / "node-pty" / "package.json"

_READ_BYTES = 64 * 1024


def node_pty_version() -> str | None:
    """The node-pty that `make bench` has set up; None when it has not."""
    return str(json.loads(_NODE_PTY.read_text())["version"]) if _NODE_PTY.exists() else None


def headless(size: Size, report: Report) -> None:
    """MB per second from the sign to flood until the reader has every byte."""
    total = size.of(200 * MB)
    measures = {"itermbus": lambda: _through_itermbus(total), "a bare PTY read": lambda: _by_nobody(total)}
    version = node_pty_version()
    if version is not None:
        measures[f"node-pty {version}"] = lambda: _by_node_pty(total)
    found = turns(size, report, measures)
    ours = found.pop("itermbus")["rate"]
    targets = {"a bare PTY read": ">= 0.85"}
    for name, figures in found.items():
        row = Row("a PTY that floods, host to Node client", "MB/s", ours, figures["rate"], targets.get(name, ">= 1.2"))
        row.against = name
        report.add(row)
    if version is None:
        report.console.print("node-pty is not set up, so nothing is compared with it; `make bench` does that")


class _Terminal:
    """The program for the terminal, and the sign for it to begin."""

    def __init__(self, home: Path, total: int) -> None:
        self._fifo = home / "begin"
        os.mkfifo(self._fifo)
        self._total = total
        self.command = [sys.executable, str(_FLOODER), str(self._fifo), str(total)]

    def begin(self) -> float:
        """When it was told to, by the monotonic clock."""
        began = time.monotonic()
        self._fifo.open("wb").close()
        return began

    def values(self, began: float) -> Values:
        """After the last byte was read."""
        return {"rate": self._total / (time.monotonic() - began) / MB}


def _through_itermbus(total: int) -> Values:
    with temporary_home() as home:
        paths = Paths(home)
        prepare(paths)
        write_config(paths, keeping(total, total))
        system = System(home)
        try:
            system.wait_up()
            session = str(next(iter(system.host_statistics()["sessions"])))  # type: ignore[call-overload]
            wait(lambda: system.is_attached(session), "the session to be attached")
            return _by_node(home, total, paths.gateway_socket)
        finally:
            system.close()


def _by_node_pty(total: int) -> Values:
    with temporary_home() as home:
        return _by_node(home, total, None)


def _by_node(home: Path, total: int, gateway: Path | None) -> Values:
    terminal = _Terminal(home, total)
    stored = home / "pattern"
    stored.write_bytes(pattern())
    plan: dict[str, object] = {
        "socket": None if gateway is None else str(gateway),
        "command": terminal.command,
        "pattern": str(stored),
        "ready": READY.decode("latin-1"),
        "bytes": total,
    }
    with _node(home, plan) as node:
        read_line(node)
        began = terminal.begin()
        report = read_line(node)
        values = terminal.values(began)
    check(report, total)
    return values


@contextmanager
def _node(home: Path, plan: dict[str, object]) -> "Iterator[subprocess.Popen[bytes]]":
    running = Running(home)
    try:
        yield running.spawn_program("node", str(_NODE / "reader.mjs"), json.dumps(plan))
    finally:
        running.close()


def _by_nobody(total: int) -> Values:
    """By this process, which does nothing with what it reads: the machine's own limit."""
    with temporary_home() as home:
        terminal = _Terminal(home, total)
        master, slave = pty.openpty()
        program = subprocess.Popen(terminal.command, stdin=slave, stdout=slave, env=environment(home))
        os.close(slave)
        try:
            said = b""
            while READY not in said:
                said += os.read(master, _READ_BYTES)
            began = terminal.begin()
            got = 0
            while got < total:
                got += len(os.read(master, _READ_BYTES))
            return terminal.values(began)
        finally:
            program.kill()
            program.wait()
            os.close(master)
