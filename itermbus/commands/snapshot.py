"""`itermbus snapshot`: a session's screen as it is, for a file or another program."""

import sys
from pathlib import Path
from typing import Literal

import zmq

from bus import rpc
from bus.log_lines import one_line
from bus.messages.commands import GetConfig, TakeSnapshot
from bus.messages.layout import Session
from bus.messages.results import ConfigResult, Snapshot
from bus.paths import Paths
from itermbus import exit_codes, private_file, sessions

#: Seconds for a screen with all the scrollback that may be asked for.
_SECONDS = 20.0

Form = Literal["text", "ansi", "html", "svg"]


def run(name: str, form: Form, scrollback: int, output: Path | None, replace: bool) -> int:
    """Writes the screen. Raises `Mistake`, `SetupError`, `ItermbusError`."""
    paths = sessions.running_paths()
    picture = _draw(paths, sessions.find(paths, name), form, scrollback)
    if output is None:
        sys.stdout.buffer.write(picture)
        sys.stdout.buffer.flush()
    else:
        with private_file.create(output, replace=replace) as file:
            file.write(picture)
    return exit_codes.OK


def _draw(paths: Paths, session: Session, form: Form, scrollback: int) -> bytes:
    session_id = session.session_id
    with zmq.Context() as context, rpc.Client(context, paths.broker_rpc) as broker:
        command = TakeSnapshot(session_id=session_id, scrollback=scrollback)
        snapshot, repaint = broker.call(command, Snapshot, seconds=_SECONDS)
        if form == "ansi":
            return repaint
        config = broker.call(GetConfig(session_id=session_id), ConfigResult)[0].config
    # Only who draws needs the emulator.
    from itermbus.picture import Picture

    drawn = Picture(snapshot, repaint, scrollback)
    if form == "text":
        return drawn.text().encode("utf-8", "replace")
    title = one_line(session.title)
    picture = drawn.html(config, title) if form == "html" else drawn.svg(config, title)
    return picture.encode("utf-8", "replace")
