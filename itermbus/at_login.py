"""Which launcher this system has."""

import sys

from bus.paths import Paths
from itermbus import launch_agent, systemd_unit
from itermbus.service import Service


def service(paths: Paths) -> Service:
    """The LaunchAgent on a Mac, a systemd user unit elsewhere. Raises `SetupError`."""
    if sys.platform == "darwin":
        return launch_agent.service(paths.home)
    return systemd_unit.service(paths.home)
