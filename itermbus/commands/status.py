"""`itermbus status`: what runs, what does not, and what to do about it."""

import sys

from bus import paths as run_time
from bus.paths import Paths
from itermbus import exit_codes
from itermbus.console import console, print_json, print_problem
from itermbus.gathering import gather
from itermbus.report_view import lines


def run(as_json: bool, as_prometheus: bool) -> int:
    """Prints the state of this home folder's instance; the exit code says it too. Raises `SetupError`."""
    if as_json and as_prometheus:
        print_problem("--json and --prometheus are two formats: choose one.")
        return exit_codes.USAGE
    paths = Paths.of_home()
    if paths.root.exists():
        run_time.check(paths)
    report, figures = gather(paths)
    if as_json:
        print_json(report)
    elif as_prometheus:
        from itermbus import prometheus

        sys.stdout.write(prometheus.text(report, figures))
    else:
        out = console()
        for line in lines(out, report):
            out.print(line)
    return report.exit_code
