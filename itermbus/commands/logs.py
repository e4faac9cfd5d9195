"""`itermbus logs`: the last lines of the processes' logs, and what comes after them."""

import sys

from bus import paths as run_time
from bus.paths import Paths
from itermbus import exit_codes
from itermbus.console import print_problem
from itermbus.log_files import NoSuchLog, Tail, find, names
from itermbus.signals import Signals

#: Seconds between two looks at the files.
_LOOK = 0.2


def run(name: str | None, follow: bool, lines: int) -> int:
    """Prints the log of the process `name`, or of all. With `follow` until Ctrl-C. Raises `SetupError`, `NoSuchLog`."""
    paths = Paths.of_home()
    if not paths.root.exists():
        print_problem("there are no logs: itermbus was never started here. `itermbus up` starts it.")
        return exit_codes.NOT_RUNNING
    run_time.check(paths)
    try:
        chosen = [find(paths, name)] if name is not None else [find(paths, known) for known in names(paths)]
    except NoSuchLog as error:
        print_problem(str(error))
        return exit_codes.USAGE
    tails = {path.stem: Tail(path, lines) for path in chosen}
    with Signals() as signals:
        _print_new(tails, alone=name is not None)
        while follow and not signals.stops:
            signals.wait(_LOOK)
            if name is None:
                _meet_new(paths, tails)
            _print_new(tails, alone=name is not None)
    for tail in tails.values():
        tail.close()
    return exit_codes.OK


def _meet_new(paths: Paths, tails: dict[str, Tail]) -> None:
    """Follows the logs of sessions that have come, from their first line on."""
    for name in names(paths):
        if name not in tails:
            tails[name] = Tail(paths.log / f"{name}.log", sys.maxsize)


def _print_new(tails: dict[str, Tail], alone: bool) -> None:
    for name, tail in tails.items():
        for line in tail.read():
            print(line if alone else f"{name}: {line}")
    sys.stdout.flush()
