"""`itermbus down`: stops everything, in order, and leaves nothing behind."""

from bus import paths as run_time
from bus.paths import Paths
from itermbus import exit_codes, shutdown
from itermbus.console import console
from itermbus.signals import Signals


def run() -> int:
    """Stops the instance of this home folder. A second Ctrl-C kills what is still there."""
    paths = Paths.of_home()
    out = console()
    if not paths.root.exists():
        out.print("itermbus is not running.")
        return exit_codes.NOT_RUNNING
    run_time.check(paths)
    with Signals() as signals:
        stopped = shutdown.stop(paths, lambda text: out.print(f"{text} ...", markup=False), lambda: signals.stops > 0)
    out.print("itermbus is stopped." if stopped else "itermbus is not running.")
    return exit_codes.OK if stopped else exit_codes.NOT_RUNNING
