"""What tests of several folders share: conditions with a deadline, and homes of their own."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import psutil

T = TypeVar("T")

#: How long a condition may take on a machine that is busy with other tests.
PATIENCE = 30.0


def wait_until(condition: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """The first true value of `condition`. Fails the test after `seconds`, saying what did not happen."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what} (last value: {value!r})")
        time.sleep(0.02)


async def eventually(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """The same inside a running loop, which goes on meanwhile."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        await asyncio.sleep(0.01)


@contextmanager
def temporary_home() -> Iterator[Path]:
    """A home folder with a path short enough for sockets. Whatever still runs from it afterwards is killed."""
    home = Path(tempfile.mkdtemp(prefix="ib-", dir="/tmp"))
    try:
        yield home
    finally:
        kill_all_of(home)
        shutil.rmtree(home, ignore_errors=True)


def environment(home: Path, **more: str) -> dict[str, str]:
    """A plain environment with `home` for HOME."""
    keep = ("PATH", "LANG", "LC_ALL", "USER", "LOGNAME", "TMPDIR")
    return {name: os.environ[name] for name in keep if name in os.environ} | {"HOME": str(home)} | more


def processes_of(home: Path) -> list[psutil.Process]:
    """Every process whose HOME is `home`, this one not among them."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("HOME") == str(home) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return [process for process in found if process.pid != os.getpid()]


def kill_all_of(home: Path) -> None:
    """Kills what `processes_of` finds, until nothing is left."""
    deadline = time.monotonic() + 10
    while (left := processes_of(home)) and time.monotonic() < deadline:
        for process in left:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(left, timeout=1)


def end(process: "subprocess.Popen[bytes]", number: int = signal.SIGTERM, seconds: float = PATIENCE) -> int:
    """Sends a signal, waits, and returns the exit code; kills what does not end in time, which fails the test."""
    process.send_signal(number)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise AssertionError(f"did not end within {seconds:g} s of signal {number}") from None
