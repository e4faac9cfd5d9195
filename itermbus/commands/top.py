"""`itermbus top`: the report of `status`, live."""

import sys

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from bus import paths as run_time
from bus.errors import SetupError
from bus.paths import Paths
from itermbus import exit_codes
from itermbus.console import console
from itermbus.cpu_shares import CpuShares
from itermbus.gathering import Gatherer, gatherer
from itermbus.keys import pressed, single_keys
from itermbus.report_view import lines

#: Seconds for a key before the next look; the look itself waits for the figures, which come once a second.
_KEY_SECONDS = 0.25

_ENDS = frozenset("qQ\x03\x04")


def run() -> int:
    """Shows the instance until `q` or Ctrl-C. Raises `SetupError` where there is no terminal."""
    out = console()
    if not (sys.stdin.isatty() and out.is_terminal) or out.is_dumb_terminal:
        raise SetupError("top needs a terminal. Without one: itermbus status, or itermbus status --json")
    paths = Paths.of_home()
    if paths.root.exists():
        run_time.check(paths)
    try:
        with gatherer(paths) as look, single_keys():
            _show(out, look)
    except KeyboardInterrupt:
        return exit_codes.OK  # the usual way out
    return exit_codes.OK


def _show(out: Console, look: Gatherer) -> None:
    shares = CpuShares()
    with Live(console=out, screen=True, auto_refresh=False, vertical_overflow="ellipsis") as live:
        while True:
            report, _ = look.gather()
            live.update(_picture(out, [*lines(out, report, shares.take(report))]), refresh=True)
            if _ENDS.intersection(pressed(_KEY_SECONDS)):
                return


def _picture(out: Console, parts: list[RenderableType]) -> Group:
    return Group(Text("itermbus top    q: end", style="reverse", no_wrap=True), *parts)
