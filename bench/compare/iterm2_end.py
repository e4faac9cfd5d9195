"""iTerm2's end of coprocesses: starts them as it does, writes what sessions print, reads what is typed.

    iterm2_end.py PLAN

PLAN is JSON: `command`, `environment`, `sessions` (ids), `floods` (session id -> bytes), `echoes` (ids), `chunk`.
Every line on stdin starts the next step: first the coprocesses, then the floods. Echoing begins with the coprocesses.
Says on stdout what it has done, one JSON object a line. Standard library only.
"""

import json
import os
import select
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.compare.pattern import PERIOD, pattern


def main() -> None:
    plan = json.loads(sys.argv[1])
    sys.stdin.readline()
    coprocesses = {name: _start(plan, name) for name in plan["sessions"]}
    for name in plan["echoes"]:
        threading.Thread(target=_echo, args=(coprocesses[name],), daemon=True).start()
    _say(started={name: coprocess.pid for name, coprocess in coprocesses.items()})
    sys.stdin.readline()
    floods = [
        threading.Thread(target=_flood, args=(coprocesses[name], size, plan["chunk"]))
        for name, size in plan["floods"].items()
    ]
    began = time.monotonic()
    for flood in floods:
        flood.start()
    for flood in floods:
        flood.join()
    _say(flooded=time.monotonic() - began)
    sys.stdin.readline()
    for coprocess in coprocesses.values():
        coprocess.kill()
        coprocess.wait()


def _start(plan: dict[str, Any], name: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        ["/bin/sh", "-c", plan["command"]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        cwd="/",
        env=plan["environment"] | {"ITERM_SESSION_ID": f"w0t0p0:{name}", "SESSION": name},
    )


def _flood(coprocess: "subprocess.Popen[bytes]", size: int, chunk: int) -> None:
    assert coprocess.stdin is not None
    into = coprocess.stdin.fileno()
    # The coprocess may have made its end non-blocking; this end is a description of its own.
    data = memoryview(pattern())
    at = 0
    while at < size:
        start = at % PERIOD
        at += os.write(into, data[start : start + min(chunk, size - at)])


def _echo(coprocess: "subprocess.Popen[bytes]") -> None:
    assert coprocess.stdin is not None
    assert coprocess.stdout is not None
    into, out = coprocess.stdin.fileno(), coprocess.stdout.fileno()
    while True:
        select.select([out], [], [])
        data = os.read(out, 1024)
        if not data:
            return
        os.write(into, data)


def _say(**what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
