"""How long an echo takes through the headless host's byte path, alone and beside many sessions.

    python bench/headless_sessions.py [sessions]

One session runs `cat`; its coprocess is two pipes. A byte goes coprocess -> PTY -> `cat` -> PTY -> coprocess, as typing
does on the bus, without the bus. Measured with that session alone, beside many idle ones, and with a tenth of those
printing all the time. A figure of its own for each machine: nothing here passes or fails.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from io import FileIO
from pathlib import Path

import iterm2

_ECHOES = 2000
_PRINTER = "/bin/sh -c 'while :; do echo some output of a busy program; sleep 0.01; done'"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sessions", type=int, nargs="?", default=200, help="how many beside the one (default: 200)")
    count = parser.parse_args().sessions
    home = Path(tempfile.mkdtemp(prefix="bench", dir="/tmp"))
    os.environ["HOME"] = str(home)
    host = subprocess.Popen([sys.executable, "-m", "headless", "--log-level", "error"])
    try:
        os.environ["ITERM2_COOKIE"] = _cookie(home / ".itermbus/run/headless.sock")
        asyncio.run(_measure(home, count))
    finally:
        host.send_signal(signal.SIGTERM)
        host.wait(60)
        shutil.rmtree(home, ignore_errors=True)


def _cookie(path: Path) -> str:
    """Waits for the host, too."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as control:
                control.connect(str(path))
                control.sendall(b'{"request": "cookie"}\n')
                return str(json.loads(control.makefile().readline())["cookie"])
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


async def _measure(home: Path, count: int) -> None:
    connection = await iterm2.Connection.async_create()
    app = await iterm2.async_get_app(connection)
    assert app is not None
    window = await iterm2.Window.async_create(connection, command="/bin/sh -c 'stty raw -echo; exec cat'")
    assert window is not None
    to_session, from_session = home / "in", home / "out"
    for fifo in (to_session, from_session):
        os.mkfifo(fifo)
    # By way of descriptor 3: a shell gives its background commands /dev/null to read.
    command = f"exec 3<&0; cat <&3 >{from_session} & exec cat <{to_session}"
    await window.tabs[0].sessions[0].async_run_coprocess(command)
    with to_session.open("wb", buffering=0) as writer, from_session.open("rb", buffering=0) as reader:
        await asyncio.to_thread(_echo, writer, reader, 1)
        _report("alone", await asyncio.to_thread(_echo, writer, reader, _ECHOES))
        busy = count // 10
        for command, number, what in (("/bin/cat", count - busy, "idle"), (_PRINTER, busy, "busy")):
            begun = time.monotonic()
            for _ in range(number):
                await window.async_create_tab(command=command)
            print(f"{number} {what} sessions made in {time.monotonic() - begun:.1f} s")
            _report(f"with {number} {what} ones more", await asyncio.to_thread(_echo, writer, reader, _ECHOES))
    # The package's own task first, or it prints a traceback about the closed connection.
    reading = connection._Connection__dispatch_forever_future  # type: ignore[attr-defined]
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert connection.websocket is not None
    await connection.websocket.close()


def _echo(writer: FileIO, reader: FileIO, times: int) -> list[float]:
    """Milliseconds of each round trip."""
    taken = []
    for number in range(times):
        # A word of its own each time: what was on the way before must not be taken for its echo.
        word, seen = b"%08d" % number, b""
        start = time.perf_counter()
        writer.write(word)
        while not seen.endswith(word):
            piece = reader.read(4096)
            if not piece:
                raise SystemExit("the coprocess is gone")
            seen = (seen + piece)[-64:]
        taken.append(1000 * (time.perf_counter() - start))
    return taken


def _report(what: str, taken: list[float]) -> None:
    ordered = sorted(taken)
    median, late = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
    print(f"{what:32} median {median:6.3f} ms   99 of 100 within {late:6.3f} ms   worst {ordered[-1]:6.3f} ms")


if __name__ == "__main__":
    main()
