"""`~/.itermbus`: ours alone, with paths short enough, and every socket in it closed to others."""

import os
import stat

from bus import paths as run_time
from bus.errors import SetupError
from bus.paths import SOCKET_PATH_BYTES, Paths
from itermbus.doctor.finding import Finding, note, ok, problem

_FOLDER = "run folder"
_SOCKETS = "sockets"
_LENGTH = "socket paths"


def check(paths: Paths) -> list[Finding]:
    """Folder, lengths and modes."""
    return [_check_length(paths), _check_folder(paths), *_check_sockets(paths)]


def _check_length(paths: Paths) -> Finding:
    longest = max(paths.sockets, key=lambda path: len(os.fsencode(path)))
    length = len(os.fsencode(longest))
    text = f"the longest is {length} bytes, and this system allows {SOCKET_PATH_BYTES}"
    if length > SOCKET_PATH_BYTES:
        return problem(_LENGTH, text, "Use a home folder with a shorter path.")
    return ok(_LENGTH, text)


def _check_folder(paths: Paths) -> Finding:
    if not paths.root.exists():
        return note(_FOLDER, f"{paths.root} does not exist: nothing was started here yet", "itermbus up")
    try:
        run_time.check(paths)
    except SetupError as error:
        return problem(_FOLDER, str(error), "As said; then: itermbus up")
    return ok(_FOLDER, f"{paths.run} is yours alone")


def _check_sockets(paths: Paths) -> list[Finding]:
    if not paths.run.is_dir():
        return []
    entries = [(path, path.lstat()) for path in paths.run.iterdir()]
    open_ones = [path.name for path, status in entries if stat.S_IMODE(status.st_mode) & 0o077]
    foreign = [path.name for path, status in entries if status.st_uid != os.geteuid()]
    found = []
    if open_ones:
        fix = f"See who changed them, then: chmod go= {paths.run}/*"
        found.append(problem(_SOCKETS, f"others may use {', '.join(sorted(open_ones)[:5])}", fix))
    if foreign:
        text = f"{', '.join(sorted(foreign)[:5])} belong to another user"
        found.append(problem(_SOCKETS, text, f"itermbus down, then move {paths.run} away"))
    count = sum(stat.S_ISSOCK(status.st_mode) for _, status in entries)
    return found or [ok(_SOCKETS, f"{count}, all for you alone")]
