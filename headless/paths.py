"""Where the host's sockets are; all of it follows from HOME and IT2_SUITE, as for iTerm2."""

import os
import stat
import sys
from pathlib import Path

from headless.errors import StartError

#: Longest path of a Unix socket: sun_path holds 104 bytes on macOS, 108 on Linux, one of them the final zero.
MAX_SOCKET_PATH = 103 if sys.platform == "darwin" else 107


def api_folder(home: Path, suite: str) -> Path:
    """The folder of the API socket: iTerm2 sources/Categories/NSFileManager+iTerm.m:133."""
    return home / "Library" / "Application Support" / suite / "private"


def api_socket(home: Path, suite: str) -> Path:
    """The socket that the iterm2 package connects to (iterm2/connection.py:420)."""
    return api_folder(home, suite) / "socket"


def run_folder(home: Path) -> Path:
    """The folder of the bus's run-time files, shared with the other processes."""
    return home / ".itermbus" / "run"


def control_socket(home: Path) -> Path:
    """The host's own control socket."""
    return run_folder(home) / "headless.sock"


def check_socket_path(path: Path) -> None:
    """Raises StartError if `path` is too long for a Unix socket."""
    length = len(os.fsencode(path))
    if length > MAX_SOCKET_PATH:
        raise StartError(f"socket path of {length} bytes is too long (at most {MAX_SOCKET_PATH}): {path}")


def make_private_folder(path: Path) -> None:
    """Creates `path` with mode 0700, or checks that it is ours alone.

    Raises StartError if it belongs to somebody else, is no folder, or others may enter it.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = path.lstat()
    except OSError as error:
        raise StartError(f"cannot create folder {path}: {error.strerror}") from error
    if not stat.S_ISDIR(status.st_mode):
        raise StartError(f"{path} is not a folder")
    if status.st_uid != os.geteuid():
        raise StartError(f"folder {path} belongs to user {status.st_uid}, not to user {os.geteuid()}")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise StartError(f"folder {path} has mode {stat.S_IMODE(status.st_mode):o}; run: chmod 700 '{path}'")
