"""Whether the gateway really serves: a connection that stays silent gets dialect 1, which begins with `sessions`."""

import json
import socket
import time
from pathlib import Path

#: A line of the gateway is 64 KiB at most (docs/gateway.md); the first `sessions` is far shorter.
_LINE_BYTES = 64 * 1024


def answers(path: Path, seconds: float) -> bool:
    """Whether the gateway at `path` sends its first line, `sessions`, within `seconds`."""
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
                    return False
                line += part
        except OSError:
            return False
    try:
        message = json.loads(line.partition(b"\n")[0])
    except ValueError:
        return False
    return isinstance(message, dict) and message.get("type") == "sessions"
