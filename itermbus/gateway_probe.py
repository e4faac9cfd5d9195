"""Whether the gateway really serves: a connection that stays silent gets dialect 1, which begins with `sessions`.

As long as the gateway has no sessions to tell of, because iTerm2 or the broker is missing, an `error` says so.
"""

import json
import socket
import time
from dataclasses import dataclass
from pathlib import Path

#: A line of the gateway is 64 KiB at most (docs/gateway.md); the first `sessions` is far shorter.
_LINE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What a new client gets: the start sequence, or the reason why that has to wait."""

    complete: bool
    reason: str = ""


def ask(path: Path, seconds: float) -> Answer | None:
    """The beginning of the gateway's answer at `path`; None when there is none that it could have sent."""
    line = _first_line(path, seconds)
    try:
        message = json.loads(line)
    except ValueError:
        return None
    kind = message.get("type") if isinstance(message, dict) else None
    if kind == "sessions":
        return Answer(True)
    if kind == "error":
        return Answer(False, str(message.get("message")))
    return None


def _first_line(path: Path, seconds: float) -> bytes:
    """The first line, without its end; empty when none came within `seconds`."""
    deadline = time.monotonic() + seconds
    line = b""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.settimeout(seconds)
            connection.connect(str(path))
            while b"\n" not in line and len(line) <= _LINE_BYTES:
                connection.settimeout(max(0.001, deadline - time.monotonic()))
                part = connection.recv(_LINE_BYTES)
                if not part:
                    return b""
                line += part
        except OSError:
            return b""
    return line.partition(b"\n")[0]
