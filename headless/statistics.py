"""What the control socket tells about the running host; numbers only, never terminal contents."""

from typing import Any

from headless.host import Host
from headless.server import ApiServer
from headless.session import Session


def collect(host: Host, server: ApiServer) -> dict[str, Any]:
    """Everything that can be counted, as JSON."""
    return {
        "sessions": {session.guid: _session(host, session) for session in host.app.sessions()},
        "recent_coprocesses": list(host.recent_coprocesses),
        "emulator": {"pid": host.screens.pid, "restarts": host.screens.restarts},
        "programs": sum(program.process.returncode is None for program in host.programs.values()),
        "clients": [
            {
                "name": connection.name,
                "received": connection.received,
                "sent": connection.sent,
                "outgoing_bytes": connection.outgoing,
                "peak_outgoing_bytes": connection.peak_outgoing,
                "subscriptions": host.hub.count(connection),
            }
            for connection in server.connections
        ],
    }


def _session(host: Host, session: Session) -> dict[str, Any]:
    task, program = session.task, session.program
    backlog = host.screens.feed.backlogs.get(session.number)
    return {
        "state": _state(host, session),
        "pid": program.pid if program is not None else None,
        "tty": session.variables.get("tty"),
        "received_bytes": task.received if task is not None else 0,
        "input_waiting_bytes": task.outgoing.size if task is not None else 0,
        "input_written_bytes": task.outgoing.written if task is not None else 0,
        "coprocess": _coprocess(session),
        "announcements": [{"command": command, "stderr": errors} for command, errors in session.announcements],
        "emulator": {
            "waiting_bytes": backlog.waiting_bytes if backlog is not None else 0,
            "shed_bytes": backlog.shed_bytes if backlog is not None else 0,
            "shed_count": backlog.shed_count if backlog is not None else 0,
        },
    }


def _state(host: Host, session: Session) -> str:
    if session in host.app.undoable:
        return "closed"
    if session in host.app.buried:
        return "buried"
    return "exited" if session.exited else "live"


def _coprocess(session: Session) -> dict[str, Any] | None:
    coprocess = session.coprocess
    if coprocess is None:
        return None
    return {
        "running": not coprocess.ended,
        "command": coprocess.command,
        "pid": coprocess.pid,
        "buffered_bytes": coprocess.buffer.size,
        "peak_buffered_bytes": coprocess.buffer.peak,
        "delivered_bytes": coprocess.buffer.written,
        "dropped_bytes": coprocess.dropped,
        "write_broken": coprocess.write_broken,
        "stderr_characters": len(coprocess.errors),
        "stderr": coprocess.errors,
    }
