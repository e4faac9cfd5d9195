"""iTerm2's end of coprocesses: starts them as it does, writes what sessions print, reads what is typed.

    python -m bench.compare.iterm2_end PLAN

PLAN is JSON: `command`, `environment`, `sessions` (ids), `floods` (session id -> bytes), `echoes` (ids), `chunk`,
`watch` (the ring of the first session that floods, or null).
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
from typing import Any

from bench.compare.pattern import PERIOD, pattern
from bus.ring import waiting
from bus.ring_file import head_of

#: Between two looks at a pipe that is watched: a look costs the flood some 10 µs of a processor.
_LOOK_SECONDS = 0.0005


class Coprocess:
    """One that runs, and iTerm2's ends of its pipes."""

    def __init__(self, plan: dict[str, Any], name: str) -> None:
        #: Kept open, since macOS tells at this end only what waits in a pipe.
        self.read_end, self.into = os.pipe()
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", plan["command"]],
            stdin=self.read_end,
            stdout=subprocess.PIPE,
            bufsize=0,
            cwd="/",
            env=plan["environment"] | {"ITERM_SESSION_ID": f"w0t0p0:{name}", "SESSION": name},
        )
        assert self.process.stdout is not None
        self.out = self.process.stdout.fileno()

    def flood(self, data: memoryview, size: int, chunk: int) -> None:
        # The coprocess makes its end non-blocking; this end is a description of its own.
        at = 0
        while at < size:
            start = at % PERIOD
            at += os.write(self.into, data[start : start + min(chunk, size - at)])

    def echo(self) -> None:
        while True:
            select.select([self.out], [], [])
            data = os.read(self.out, 1024)
            if not data:
                return
            os.write(self.into, data)

    def longest_pause(self, ring: str, flood: threading.Thread) -> float:
        """The longest that bytes waited in the pipe while the ring's head stood still, in seconds."""
        longest, head, since = 0.0, head_of(ring), time.perf_counter()
        while flood.is_alive() or waiting(self.read_end):
            time.sleep(_LOOK_SECONDS)
            now, at = head_of(ring), time.perf_counter()
            if now != head or not waiting(self.read_end):
                head, since = now, at
            longest = max(longest, at - since)
        return longest


def main() -> None:
    plan = json.loads(sys.argv[1])
    # Before anything is measured.
    data = memoryview(pattern())
    sys.stdin.readline()
    coprocesses = {name: Coprocess(plan, name) for name in plan["sessions"]}
    for name in plan["echoes"]:
        threading.Thread(target=coprocesses[name].echo, daemon=True).start()
    _say(started={name: coprocess.process.pid for name, coprocess in coprocesses.items()})
    sys.stdin.readline()
    floods = [
        threading.Thread(target=coprocesses[name].flood, args=(data, size, plan["chunk"]))
        for name, size in plan["floods"].items()
    ]
    began = time.monotonic()
    for flood in floods:
        flood.start()
    pause = 0.0
    if plan["watch"] is not None:
        pause = coprocesses[next(iter(plan["floods"]))].longest_pause(plan["watch"], floods[0])
    for flood in floods:
        flood.join()
    _say(flooded=time.monotonic() - began, pause=pause)
    sys.stdin.readline()
    for coprocess in coprocesses.values():
        coprocess.process.kill()
        coprocess.process.wait()


def _say(**what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
