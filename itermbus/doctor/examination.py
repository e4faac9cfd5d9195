"""All checks, in the order in which one would look."""

import sys
from collections.abc import Iterator

from bus.errors import ItermbusError, SetupError
from bus.paths import Paths
from itermbus import at_login as launcher
from itermbus import gathering, installation
from itermbus.doctor import (
    at_login,
    config_file,
    gateway,
    launch_path,
    mac,
    other_instances,
    preferences,
    python,
    round_trip,
    run_folder,
    running,
    stale_files,
    versions,
)
from itermbus.doctor.finding import Finding, problem
from itermbus.report import Report


def examine(paths: Paths, with_round_trip: bool) -> Iterator[Finding]:
    """Every finding as it is made. `with_round_trip`: also where a window would open in the user's iTerm2."""
    yield from versions.check()
    yield from python.check(paths)
    yield from config_file.check(paths)
    folder = run_folder.check(paths)
    yield from folder
    headless = _is_headless(paths)
    if not headless and sys.platform == "darwin":
        yield from mac.check()
        yield from preferences.check()
    yield from _check_start(paths)
    yield from other_instances.check(paths, headless)
    if any(finding.state == "problem" for finding in folder):
        return  # what is in such a folder is not to be trusted, nor asked
    report, _ = gathering.gather(paths)
    yield from stale_files.check(paths, report.running)
    yield from running.check(report)
    if report.running:
        yield from _check_service(paths, report, headless or with_round_trip)


def _is_headless(paths: Paths) -> bool:
    """Whether the headless host stands in for iTerm2 here, or would."""
    if paths.conf_d.is_dir():
        return installation.headless_conf(paths).exists()
    return installation.default_headless()


def _check_start(paths: Paths) -> Iterator[Finding]:
    try:
        yield from at_login.check(launcher.service(paths))
        if sys.platform == "darwin":
            yield from launch_path.check(installation.launchd_plist().read_bytes(), paths.home)
    except SetupError as error:
        yield problem("start at login", str(error), "Install itermbus again.")


def _check_service(paths: Paths, report: Report, with_round_trip: bool) -> Iterator[Finding]:
    try:
        yield from gateway.check(paths)
        if report.iterm2 is not None and report.iterm2.state == "connected":
            yield from round_trip.check(paths) if with_round_trip else round_trip.left_out()
    except ItermbusError as error:
        yield problem("gateway", str(error), "itermbus restart all")
