"""What an instance that did not end well left behind."""

import stat

from bus.paths import Paths
from itermbus import leftovers
from itermbus.doctor.finding import Finding, ok, warning
from itermbus.supervisor_client import listens

_FILES = "stale files"
_ORPHANS = "orphans"


def check(paths: Paths, running: bool) -> list[Finding]:
    """Dead sockets, and processes without a supervisord. `running`: an instance lives here."""
    if not paths.run.is_dir():
        return []
    return [_check_sockets(paths), *([] if running else [_check_orphans(paths)])]


def _check_sockets(paths: Paths) -> Finding:
    sockets = [path for path in paths.run.iterdir() if stat.S_ISSOCK(path.lstat().st_mode)]
    dead = sorted(path.name for path in sockets if not listens(path))
    if dead:
        text = f"nobody listens at {', '.join(dead[:5])}"
        return warning(_FILES, text, "itermbus down, or the next itermbus up, removes them.")
    return ok(_FILES, "none")


def _check_orphans(paths: Paths) -> Finding:
    left = leftovers.processes(paths, shims=False)
    if left:
        text = f"without supervisord these still run: {', '.join(str(p.pid) for p in left[:10])}"
        return warning(_ORPHANS, text, "itermbus down ends them.")
    return ok(_ORPHANS, "none")
