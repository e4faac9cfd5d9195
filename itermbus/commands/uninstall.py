"""`itermbus uninstall`: stops itermbus and takes away what it put into the home folder."""

import shutil
import sys
from contextlib import suppress

import typer

from bus import paths as run_time
from bus.errors import SetupError
from bus.paths import Paths
from itermbus import at_login, exit_codes, service, shutdown
from itermbus.console import console
from itermbus.supervisor_client import listens


def run(yes: bool) -> int:
    """`yes`: removes `~/.itermbus` without a question. Raises `SetupError`, `NotLoaded`."""
    paths = Paths.of_home()
    out = console()
    wanted = at_login.service(paths)
    if service.uninstall(wanted):
        out.print(f"{wanted.path} is gone, and is not loaded any more.", markup=False)
    if paths.root.exists():
        run_time.check(paths)
        shutdown.stop(paths, lambda text: out.print(f"{text} ...", markup=False))
        _remove_data(paths, yes)
    out.print("The program itself goes with its environment: pipx uninstall itermbus, or make clean in the checkout.")
    return exit_codes.OK


def _remove_data(paths: Paths, yes: bool) -> None:
    if not yes and not _agreed(paths):
        console().print(f"{paths.root} stays. It holds settings and logs: itermbus uninstall --yes", markup=False)
        return
    try:
        shutil.rmtree(paths.root)
        if sys.platform != "darwin":
            _remove_host_socket(paths)
    except OSError as error:
        raise SetupError(f"cannot remove {error.filename or paths.root}: {error.strerror}.") from None
    console().print(f"{paths.root} is removed.", markup=False)


def _remove_host_socket(paths: Paths) -> None:
    """The headless host's API socket and its lock, where iTerm2 has its own on a Mac, and the folders around them."""
    folder = paths.home / "Library" / "Application Support" / "iTerm2" / "private"
    if listens(folder / "socket"):
        return  # a host that somebody started beside itermbus
    for name in ("socket", "socket.lock"):
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):  # not empty, or not there
        for each in (folder, *list(folder.parents)[:3]):
            each.rmdir()


def _agreed(paths: Paths) -> bool:
    return sys.stdin.isatty() and typer.confirm(f"Remove {paths.root}, with config.toml and the logs?", default=False)
