"""`itermbus init`: lays out the run-time folder, and nothing else."""

from collections.abc import Sequence
from pathlib import Path

from bus.paths import Paths
from itermbus import exit_codes, host_profiles, installation, instance
from itermbus.console import console


def run(headless: bool | None, profiles: Sequence[Path]) -> int:
    """Makes `~/.itermbus`. Raises `SetupError`, `AlreadyRunning` when an instance lives in it."""
    paths = Paths.of_home()
    instance.refuse_second(paths)
    chosen = installation.default_headless() if headless is None else headless
    files = host_profiles.check(profiles, headless=chosen)
    installation.prepare(paths, chosen, files)
    out = console()
    out.print(f"{paths.root} is ready, {'with the headless host' if chosen else 'for iTerm2'}.", markup=False)
    out.print(f"Next: itermbus up, or: supervisord -c {installation.conf_argument(paths)}", markup=False)
    return exit_codes.OK
