"""`itermbus version`: what is installed."""

import platform

from bus import version
from itermbus import exit_codes
from itermbus.console import console


def run() -> int:
    """Prints the versions that a bug report needs."""
    out = console()
    out.print(f"itermbus {version.release()}")
    out.print(f"bus {version.BUS_VERSION}")
    out.print(f"Python {platform.python_version()} on {platform.system()} {platform.release()}")
    return exit_codes.OK
