"""`itermbus trace --record`: a session that runs already as an asciicast."""

import io
import select
import signal
import sys
import time
from pathlib import Path

from bus.messages import Session
from bus.paths import Paths
from itermbus import exit_codes, layout_reader, private_file, sessions
from itermbus.commands.trace import Until
from itermbus.following import Follower
from itermbus.mistakes import Mistake
from itermbus.recording import Recorder
from itermbus.signal_queue import SignalQueue

#: Seconds between two looks for a gateway that is away.
_AWAY_SECONDS = 0.2


def run(path: Path, session: str | None, until: Until, replace: bool) -> int:
    """Records until Ctrl-C, the session's end or `until`. Raises `Mistake`, `SetupError`, `ItermbusError`."""
    paths = sessions.running_paths()
    chosen = _chosen(paths, session)
    binary = private_file.create(path, replace=replace)
    with io.TextIOWrapper(binary, encoding="utf-8", newline="\n") as file:
        recorder = Recorder(file, chosen)
        follower = Follower(paths.gateway_socket, chosen.session_id, "itermbus trace --record")
        try:
            _record(follower, recorder, until.seconds)
        finally:
            follower.close()
            recorder.finish()
    if recorder.problem:
        sys.stderr.write(f"itermbus: {recorder.problem}\n")
    gaps = f"{len(recorder.gaps)} gaps of {sum(end - start for start, end in recorder.gaps)} bytes in all"
    sys.stderr.write(
        f"{path}: {recorder.seconds:.1f} s, {recorder.bytes} bytes, {recorder.marks} prompt marks, "
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


def _record(follower: Follower, recorder: Recorder, seconds: float | None) -> None:
    deadline = None if seconds is None else time.monotonic() + seconds
    with SignalQueue(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        while not recorder.closed and not recorder.problem:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return
            if not follower.reconnect():
                left = _AWAY_SECONDS if left is None else min(left, _AWAY_SECONDS)
            watched: list[SignalQueue | Follower] = [signals, follower] if follower.connected else [signals]
            ready = select.select(watched, [], [], left)[0]
            if signals in ready:
                return
            if follower in ready:
                for message in follower.receive():
                    recorder.take(message)
                recorder.flush()
