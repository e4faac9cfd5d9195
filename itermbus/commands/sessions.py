"""`itermbus sessions`: the sessions alone."""

from bus import paths as run_time
from bus.errors import ItermbusError
from bus.paths import Paths
from itermbus import exit_codes
from itermbus.console import console, print_json, print_problem
from itermbus.gathering import gather
from itermbus.report_view import NOT_RUNNING, sessions


class NoSessions(ItermbusError):
    """The broker could not be asked."""


def run(as_json: bool) -> int:
    """Prints them in the order of windows, tabs and panes. Raises `SetupError`, `NoSessions`."""
    paths = Paths.of_home()
    if paths.root.exists():
        run_time.check(paths)
    report, _ = gather(paths)
    if not report.running:
        if as_json:
            print_json([])
        print_problem(NOT_RUNNING)
        return exit_codes.NOT_RUNNING
    if report.sessions is None:
        raise NoSessions("; ".join(report.problems) or "the broker does not answer")
    out = console()
    if as_json:
        print_json(report.sessions)
    elif report.sessions:
        out.print(sessions(out, report.sessions))
    else:
        out.print("There are no sessions.")
    return exit_codes.OK
