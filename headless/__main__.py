"""`python -m headless`: arguments to a config, the config to a running host, its end to an exit code."""

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path

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
    logging.basicConfig(
        format="%(asctime)s %(name)s %(levelname)s %(message)s", level=options.log_level.upper(), stream=sys.stderr
    )
    try:
        config = _config(options)
        application.check(config)
        asyncio.run(application.run(config))
    except StartError as error:
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
    parser.add_argument("--log-level", default="info", choices=("debug", "info", "warning", "error"))
    return parser


def _config(options: argparse.Namespace) -> Config:
    home = os.environ.get("HOME")
    if not home:
        raise StartError("HOME is not set")
    return Config(
        home=Path(home),
        suite=os.environ.get("IT2_SUITE") or "iTerm2",
        undo_seconds=options.undo_seconds,
        allow_faults=options.allow_faults,
        shell=options.shell,
        columns=options.columns,
        rows=options.rows,
        profiles=tuple(options.profile),
        open_window=not options.no_window,
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
