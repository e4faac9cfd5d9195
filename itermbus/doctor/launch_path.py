"""What launchd's bare environment finds: it knows neither the user's PATH nor the shell's start files.

Needs no Mac: it reads the property list and looks where that looks.
"""

import os
import plistlib
from collections.abc import Mapping
from pathlib import Path

from itermbus.doctor.finding import Finding, ok, problem

_CHECK = "PATH under launchd"

#: Where the property list looks after ~/.itermbus/env, as it says there.
_PLACES = ("{home}/.local/bin/itermbus", "/opt/homebrew/bin/itermbus", "/usr/local/bin/itermbus")


def check(plist: bytes, home: Path) -> list[Finding]:
    """Whether the agent `plist` would find an installation, and the system's tools that the broker uses."""
    environment = plistlib.loads(plist).get("EnvironmentVariables", {})
    found = [*_check_path(environment)]
    places = [str(home / ".itermbus/env/bin/itermbus"), *(place.format(home=home) for place in _PLACES)]
    first = next((place for place in places if os.access(place, os.X_OK)), None)
    if first is None:
        text = "launchd would find no itermbus: none of " + ", ".join(places)
        found.append(problem(_CHECK, text, "Run `itermbus init` from where it is installed: that makes the first one."))
    return found or [ok(_CHECK, f"it finds {first}")]


def _check_path(environment: Mapping[str, object]) -> list[Finding]:
    folders = str(environment.get("PATH", "")).split(":")
    missing = [folder for folder in ("/usr/bin", "/bin") if folder not in folders]
    if missing:
        return [problem(_CHECK, f"its PATH lacks {' and '.join(missing)}", "itermbus install writes it anew.")]
    return []
