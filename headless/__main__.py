"""`python -m headless`: arguments to a config, the config to a running host, its end to an exit code."""

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path

from bus import config as settings
from bus import log_lines
from bus.errors import SetupError
from bus.paths import Paths
from headless import application
from headless.config import Config
from headless.errors import StartError

#: Exit codes: 2 is also argparse's for bad arguments, 3 says that a restart would not help.
EXIT_OK = 0
EXIT_CANNOT_START = 3

_log = logging.getLogger("headless")


def main(arguments: list[str] | None = None) -> int:
    """Runs the host in the foreground until SIGTERM or Ctrl-C."""
    options = _parser().parse_args(arguments)
    # `itermbus` shows what --check says to its user.
    form = "%(message)s" if options.check else "%(asctime)s %(name)s %(levelname)s %(message)s"
    log_lines.start(options.log_level or "info", form)
    try:
        config = _config(options)
        application.check(config)
        if not options.check:
            asyncio.run(application.run(config))
    except (StartError, SetupError) as error:
        _log.error("%s", error)
        return EXIT_CANNOT_START
    return EXIT_OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="headless", description=__doc__)
    parser.add_argument("--undo-seconds", type=_seconds, help="how long a close can be undone (default: the profile's)")
    parser.add_argument("--allow-faults", action="store_true", help="let the control socket inject faults, for tests")
    parser.add_argument("--shell", help="login shell of new sessions (default: the user's)")
    parser.add_argument("--columns", type=_cells, help="initial width of windows (default: the profile's)")
    parser.add_argument("--rows", type=_cells, help="initial height of windows (default: the profile's)")
    parser.add_argument("--profile", action="append", type=Path, default=[], help="dynamic profile file; repeatable")
    parser.add_argument("--no-window", action="store_true", help="start without a first window")
    parser.add_argument("--set-cookie", action="store_true", help="give shells and coprocesses a cookie")
    parser.add_argument("--check", action="store_true", help="say whether it could start with these arguments, and end")
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), help="default: info")
    return parser


def _config(options: argparse.Namespace) -> Config:
    """Arguments over config.toml; what neither says is left to the profile."""
    home = os.environ.get("HOME")
    if not home:
        raise StartError("HOME is not set")
    stored = settings.load(Paths(Path(home)))
    if options.log_level is None:
        logging.getLogger().setLevel(stored.log_level.upper())
    return Config(
        home=Path(home),
        suite=os.environ.get("IT2_SUITE") or "iTerm2",
        undo_seconds=stored.headless.undo_seconds if options.undo_seconds is None else options.undo_seconds,
        allow_faults=options.allow_faults,
        shell=options.shell,
        columns=options.columns or stored.headless.columns,
        rows=options.rows or stored.headless.rows,
        profiles=tuple(options.profile),
        open_window=not options.no_window,
        set_cookie=options.set_cookie or stored.headless.set_cookie,
    )


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 3600:
        raise argparse.ArgumentTypeError("must be from 0 to 3600")
    return value


def _cells(text: str) -> int:
    value = int(text)
    if not 2 <= value <= 1000:
        raise argparse.ArgumentTypeError("must be from 2 to 1000")
    return value


if __name__ == "__main__":
    sys.exit(main())
