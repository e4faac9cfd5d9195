"""A client: a plain reader that checks every byte, or a typist that measures echoes. The same for both designs.

    python -m bench.compare.viewer PLAN

PLAN is JSON: `socket`, `greets` (whether a `ready` is to be waited for), `floods` (session id -> bytes), `echo` (a
session id or null), `echoes` (how many), `reads` (false: connects and never reads). Says on stdout what it measured.
"""

import base64
import json
import socket
import sys
import threading
import time
from typing import Any

import msgspec

from bench.compare.pattern import PERIOD, pattern

#: A greeting that has not come by then never comes.
_GREETING_SECONDS = 30.0

#: A design that does not greet is given this long to know its new client.
_ACCEPT_SECONDS = 0.3

#: An echo that has not come by then never comes.
_ECHO_SECONDS = 5.0

_TYPED = b"~"


class _Message(msgspec.Struct):
    """What is read of a line, base64 and all in C: a client slower than what it measures measures itself."""

    type: str
    session_id: str = ""
    data: bytes = b""


_decode = msgspec.json.Decoder(_Message).decode


class Viewer:
    """One client."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(plan["socket"])
        self._left = dict(plan["floods"])
        self._at = dict.fromkeys(plan["floods"], 0)
        self._finished: dict[str, float] = {}
        #: Bytes of each session when the first of them was complete.
        self._at_first: dict[str, int] = {}
        #: When the first and the latest output came of sessions that are not the echoing one.
        self._others_first = self._others_latest = 0.0
        self._echo = plan["echo"]
        self._echoed = threading.Event()
        self._echoed_at = 0.0
        self._pattern = pattern()
        self.ready = threading.Event()
        self.flooded = threading.Event()
        self.began = 0.0
        self.wrong = 0
        self.repaints = 0
        if not self._left:
            self.flooded.set()

    def read(self) -> None:
        """Reads until the end."""
        with self._connection.makefile("rb", buffering=1 << 20) as lines:
            for line in lines:
                self._take(_decode(line))

    def _take(self, message: "_Message") -> None:
        if message.type == "terminal_data":
            self._take_data(message.session_id, message.data)
        elif message.type == "ready":
            self.ready.set()
        elif message.type == "initial_terminal_data" and self.ready.is_set():
            self._take_repaint(message.session_id)

    def _take_repaint(self, name: str) -> None:
        """A screen in place of bytes that this client will not get: a flood's measurement is over; what was typed is
        on the screen."""
        if name == self._echo:
            self._note_echo()
        elif self._at.get(name):
            self.repaints += 1
            self.flooded.set()

    def _take_data(self, name: str, data: bytes) -> None:
        if name == self._echo:
            if _TYPED in data:
                self._note_echo()
            return
        self._others_latest = time.perf_counter()
        self._others_first = self._others_first or self._others_latest
        if name not in self._left:
            return
        if not self.began:
            self.began = time.monotonic()
        at = self._at[name]
        start = at % PERIOD
        self.wrong += data != self._pattern[start : start + len(data)]
        self._at[name] = at + len(data)
        if self._at[name] >= self._left[name]:
            self._finished[name] = time.monotonic()
            self._at_first = self._at_first or dict(self._at)
            if len(self._finished) == len(self._left):
                self.flooded.set()

    def _note_echo(self) -> None:
        # Here and not in the thread that types: that one has to wait until this one lets go of the interpreter.
        self._echoed_at = time.perf_counter()
        self._echoed.set()

    def type(self, count: int) -> list[tuple[float, bool]]:
        """Types one byte after the other, each once the one before has come back.

        The seconds that each took, and whether output of other sessions came meanwhile, before and after it.
        """
        line = json.dumps(
            {"type": "terminal_input", "session_id": self._echo, "data": base64.b64encode(_TYPED).decode()}
        ).encode()
        typed: list[tuple[float, float]] = []
        while len(typed) < count:
            self._echoed.clear()
            began = time.perf_counter()
            self._connection.sendall(line + b"\n")
            came = self._echoed.wait(_ECHO_SECONDS)
            typed.append((began, self._echoed_at - began if came else _ECHO_SECONDS))
            if not came:
                # The rest would take as long each. It counts as beside the flood: that is what stopped it.
                self._others_latest = time.perf_counter()
                break
            time.sleep(0.002)
        first, latest = self._others_first, self._others_latest
        return [(took, 0.0 < first <= began <= latest) for began, took in typed]

    def report(self) -> dict[str, Any]:
        return {
            "wrong": self.wrong,
            "repaints": self.repaints,
            "bytes": sum(self._at.values()),
            "began": self.began,
            "finished": self._finished,
            "at_first": self._at_first,
        }


def main() -> None:
    plan = json.loads(sys.argv[1])
    viewer = Viewer(plan)
    if not plan["reads"]:
        print("{}", flush=True)
        sys.stdin.readline()
        return
    threading.Thread(target=viewer.read, daemon=True).start()
    if plan["greets"] and not viewer.ready.wait(_GREETING_SECONDS):
        sys.exit("no greeting")
    if not plan["greets"]:
        time.sleep(_ACCEPT_SECONDS)
    print("{}", flush=True)
    sys.stdin.readline()
    echoes = viewer.type(plan["echoes"]) if plan["echo"] else []
    viewer.flooded.wait(600)
    print(json.dumps(viewer.report() | {"echoes": echoes}), flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
