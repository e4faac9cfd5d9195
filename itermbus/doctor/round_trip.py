"""A round trip: typed into a session, echoed by its terminal, read by its worker. In a window of its own.

Nothing is ever typed into a session that the user opened.
"""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import zmq

from bus import rpc, topics
from bus.codec import Frame
from bus.errors import ItermbusError, NotAttached, RequestTimeout
from bus.messages.commands import Close, CreateWindow, Input
from bus.messages.results import Created, Done, Written
from bus.paths import Paths
from bus.subscriber import Subscriber
from itermbus import layout_reader
from itermbus.doctor.finding import Finding, note, ok, problem

_CHECK = "round trip"
_SECONDS = 15.0
_LOOK = 0.1
_SILENCE = 1.0

#: A program that echoes, and prints nothing by itself.
_COMMAND = "/bin/cat"


def check(paths: Paths) -> list[Finding]:
    """Opens a window with a program of its own, types, waits for the echo, closes the window."""
    try:
        seconds = _measure(paths)
    except ItermbusError as error:
        return [problem(_CHECK, f"a window of its own did not echo: {error}", "itermbus logs broker says more.")]
    return [ok(_CHECK, f"typed, echoed and read in {1000 * seconds:.1f} ms")]


def left_out() -> list[Finding]:
    """It would open a window in the user's iTerm2."""
    return [note(_CHECK, "not made: it opens a window for a moment", "itermbus doctor --round-trip")]


def _measure(paths: Paths) -> float:
    with zmq.Context() as context, _window(context, paths) as session_id:
        _wait_attached(paths, session_id)
        endpoints = paths.session(session_id)
        marker = secrets.token_hex(8).encode()
        with (
            Subscriber(context, [endpoints.pub], [topics.pty(session_id)]) as frames,
            rpc.Client(context, endpoints.rpc) as worker,
        ):
            return min(_echo(worker, frames, marker + b"%d" % i) for i in range(3))


def _echo(worker: rpc.Client, frames: Subscriber, marker: bytes) -> float:
    """Seconds from typing `marker` to reading it. It is typed again if nothing comes: the subscription may be new."""
    deadline = time.monotonic() + _SECONDS
    while (begun := time.monotonic()) < deadline:
        worker.call(Input(), Written, marker + b"\n", seconds=_SECONDS)
        seen = b""
        while isinstance(frame := frames.receive(_SILENCE), Frame):
            seen += frame.payload
            if marker in seen:
                return time.monotonic() - begun
    raise RequestTimeout(f"no echo within {_SECONDS:g} s")


@contextmanager
def _window(context: zmq.Context[zmq.Socket[bytes]], paths: Paths) -> Iterator[str]:
    with rpc.Client(context, paths.broker_rpc) as broker:
        created, _ = broker.call(CreateWindow(command=_COMMAND), Created, seconds=_SECONDS)
        try:
            yield created.session_id
        finally:
            with suppress(ItermbusError):
                broker.call(Close(session_id=created.session_id, force=True), Done, seconds=_SECONDS)


def _wait_attached(paths: Paths, session_id: str) -> None:
    deadline = time.monotonic() + _SECONDS
    reason = "it is not in the layout"
    while time.monotonic() < deadline:
        for session in layout_reader.sessions(layout_reader.ask(paths)):
            if session.session_id == session_id:
                if session.attached:
                    return
                reason = session.reason or "not yet"
        time.sleep(_LOOK)
    raise NotAttached(f"it was not attached within {_SECONDS:g} s: {reason}")
