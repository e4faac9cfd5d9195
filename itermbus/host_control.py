"""The headless host's control socket, as far as the command line needs it: a cookie for one connection."""

import socket

import msgspec

from bus.errors import ItermbusError
from bus.paths import Paths

_SECONDS = 5.0
_ANSWER_BYTES = 4096


class NoHost(ItermbusError):
    """Nobody listens on the control socket."""


class Grant(msgspec.Struct, frozen=True):
    """What lets one connection in, and the suite whose folder holds the API socket. Never goes into a log."""

    cookie: str
    key: str
    suite: str = "iTerm2"


def ask_cookie(paths: Paths) -> Grant:
    """A fresh cookie. Raises `NoHost`, or `ItermbusError` when the host does not answer as it should."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_SECONDS)
        try:
            connection.connect(str(paths.headless_socket))
        except (FileNotFoundError, ConnectionRefusedError):
            raise NoHost("no headless host") from None
        except OSError as error:
            raise ItermbusError(f"cannot reach {paths.headless_socket}: {error.strerror or error}") from None
        try:
            connection.sendall(b'{"request": "cookie", "name": "itermbus env"}\n')
            with connection.makefile("rb") as lines:
                return msgspec.json.decode(lines.readline(_ANSWER_BYTES), type=Grant)
        except (OSError, msgspec.MsgspecError):
            raise ItermbusError("the headless host gave no cookie; the end of its log may say why") from None
