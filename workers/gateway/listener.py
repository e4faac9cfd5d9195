"""The gateway's Unix socket: one listener a machine's user, peers checked, connections counted."""

import socket
from pathlib import Path

from bus import peer
from bus.errors import SetupError

_BACKLOG = 64


class Listener:
    """Listens at `path`, mode 0600. Raises `SetupError` when a living gateway does already."""

    def __init__(self, path: Path) -> None:
        _remove_stale(path)
        self._path = path
        self._socket = peer.listen(path, _BACKLOG)

    def fileno(self) -> int:
        return self._socket.fileno()

    def accept(self) -> socket.socket | None:
        """The next client, or None when it is gone already or runs as another user."""
        return peer.accept(self._socket)

    def close(self) -> None:
        self._socket.close()
        self._path.unlink(missing_ok=True)


def _remove_stale(path: Path) -> None:
    """Removes a socket that nobody listens at any more, as a power cut leaves it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except FileNotFoundError:
            return
        except OSError:
            path.unlink(missing_ok=True)
            return
    raise SetupError(f"another gateway listens at {path}. `itermbus down` ends it.")
