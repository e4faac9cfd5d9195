"""`itermbus last`: what a session's last command printed, byte for byte, and its exit status."""

import base64
import sys

import zmq

from bus import rpc
from bus.messages.layout import Session
from bus.paths import Paths
from itermbus import exit_codes, last_command, sessions
from itermbus.console import print_json
from itermbus.last_command import LastCommand, NoCommand


def run(name: str, as_json: bool, pass_status: bool) -> int:
    """Prints the output. Returns 0, with `pass_status` the command's own status. Raises `ItermbusError`."""
    paths = sessions.running_paths()
    found = _ask(paths, sessions.find(paths, name))
    if as_json:
        print_json(_keys(found))
    else:
        sys.stdout.buffer.write(found.output)
        sys.stdout.buffer.flush()
    if found.missing:
        raise NoCommand(f"the first {found.missing} bytes of it are no longer kept")
    return found.status or exit_codes.OK if pass_status else exit_codes.OK


def _ask(paths: Paths, session: Session) -> LastCommand:
    if not session.worker:
        raise NoCommand(f"the session's bytes are not followed: {session.reason or 'it is not attached yet'}")
    with zmq.Context() as context, rpc.Client(context, paths.session(session.session_id).rpc) as worker:
        return last_command.ask(worker)


def _keys(found: LastCommand) -> dict[str, object]:
    return {
        "status": found.status,
        "epoch": found.epoch,
        "offset": found.offset,
        "next": found.next,
        "missing": found.missing,
        "text": found.output.decode("utf-8", "replace"),
        "data": base64.b64encode(found.output).decode(),
    }
