"""The LaunchAgent of this user on a Mac: the bundled property list, as it is.

launchctl could not be run where this is tested: its commands are those of launchctl(1), and the tests give a tool of
their own in its place.
"""

import os
from pathlib import Path

from itermbus import installation
from itermbus.service import Service

LABEL = "com.itermbus.supervisord"

LAUNCHCTL = "/bin/launchctl"


def path(home: Path) -> Path:
    """Where launchd looks at login."""
    return home / "Library" / "LaunchAgents" / f"{LABEL}.plist"


def service(home: Path, launchctl: str = LAUNCHCTL) -> Service:
    """The agent, in the graphical session of this user (`gui/`), where iTerm2 is. Raises `SetupError`."""
    domain = f"gui/{os.getuid()}"
    target = f"{domain}/{LABEL}"
    return Service(
        kind="LaunchAgent",
        name=LABEL,
        path=path(home),
        content=installation.launchd_plist().read_bytes(),
        # An agent that was once unloaded with -w stays disabled, and bootstrap then fails.
        load=[[launchctl, "enable", target], [launchctl, "bootstrap", domain, str(path(home))]],
        unload=[[launchctl, "bootout", target]],
        after_removal=[],
        status=[launchctl, "print", target],
        unloaded="It starts at the next login.",
        before_reload=[[launchctl, "bootout", target]],
        optional=frozenset({"enable"}),
    )
