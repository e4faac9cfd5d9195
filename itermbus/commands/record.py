"""`itermbus trace --record`: a session that runs already as an asciicast."""

import io
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import zmq

from bus.messages.layout import Session
from bus.paths import Paths
from itermbus import exit_codes, layout_reader, private_file, sessions
from itermbus.commands.trace import Until
from itermbus.following import Follower
from itermbus.input_feed import InputFeed
from itermbus.mistakes import Mistake
from itermbus.recording import Recorder
from itermbus.signal_queue import SignalQueue

#: Seconds between two looks for a gateway that is away.
_AWAY_SECONDS = 0.2


def run(path: Path, session: str | None, until: Until, *, replace: bool = False, with_input: bool = False) -> int:
    """Records until Ctrl-C, the session's end or `until`; `with_input`: what is typed too.

    Raises `Mistake`, `SetupError`, `ItermbusError`.
    """
    paths = sessions.running_paths()
    chosen = _chosen(paths, session)
    binary = private_file.create(path, replace=replace)
    with io.TextIOWrapper(binary, encoding="utf-8", newline="\n") as file, ExitStack() as stack:
        recorder = Recorder(file, chosen)
        feed = _feed(stack, paths, chosen.session_id) if with_input else None
        follower = Follower(paths.gateway_socket, chosen.session_id, "itermbus trace --record")
        try:
            _record(follower, recorder, feed, until.seconds)
        finally:
            follower.close()
            recorder.finish()
    if recorder.problem:
        sys.stderr.write(f"itermbus: {recorder.problem}\n")
    typed = f", {recorder.typed} bytes of input" if with_input else ""
    gaps = f"{len(recorder.gaps)} gaps of {sum(end - start for start, end in recorder.gaps)} bytes in all"
    sys.stderr.write(
        f"{path}: {recorder.seconds:.1f} s, {recorder.bytes} bytes{typed}, {recorder.marks} prompt marks, "
        f"{gaps if recorder.gaps else 'no gap'}, {follower.reconnections} reconnections\n"
    )
    return exit_codes.FAILURE if recorder.problem else exit_codes.OK


def _chosen(paths: Paths, name: str | None) -> Session:
    if name is not None:
        return sessions.find(paths, name)
    every = list(layout_reader.sessions(sessions.ask_layout(paths)))
    if len(every) != 1:
        raise Mistake(f"which session? There are {len(every)}: name one with --session, or `--session active`.")
    return every[0]


def _feed(stack: ExitStack, paths: Paths, session_id: str) -> InputFeed:
    context = stack.enter_context(zmq.Context())
    return stack.enter_context(InputFeed(context, paths.session(session_id).pub, session_id))


def _record(follower: Follower, recorder: Recorder, feed: InputFeed | None, seconds: float | None) -> None:
    deadline = None if seconds is None else time.monotonic() + seconds
    with SignalQueue(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        while not recorder.closed and not recorder.problem:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return
            if not follower.reconnect():
                left = _AWAY_SECONDS if left is None else min(left, _AWAY_SECONDS)
            ready = _wait(signals, follower, feed, left)
            if signals.fileno() in ready:
                return
            # What was typed comes before its echo.
            for data in feed.receive() if feed is not None else ():
                recorder.take_input(data)
            if follower.fileno() in ready:
                for message in follower.receive():
                    recorder.take(message)
            recorder.flush()


def _wait(signals: SignalQueue, follower: Follower, feed: InputFeed | None, seconds: float | None) -> set[object]:
    """What has something to say, `seconds` at the most: descriptors, and the feed's socket."""
    poller = zmq.Poller()
    poller.register(signals.fileno(), zmq.POLLIN)
    if follower.connected:
        poller.register(follower.fileno(), zmq.POLLIN)
    if feed is not None:
        poller.register(feed.socket, zmq.POLLIN)
    return {which for which, _ in poller.poll(None if seconds is None else int(seconds * 1000) + 1)}
