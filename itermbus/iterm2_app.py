"""Whether iTerm2 is installed on this machine: what decides if the headless host stands in for it."""

import subprocess
import sys
from pathlib import Path

_PLACES = (Path("/Applications/iTerm.app"), Path("~/Applications/iTerm.app"))
_BUNDLE = "com.googlecode.iterm2"


def is_installed() -> bool:
    """Whether there is an iTerm2 here; never off macOS. (The macOS half could not be run where this is tested.)"""
    if sys.platform == "darwin":
        return any(place.expanduser().is_dir() for place in _PLACES) or _spotlight_knows_it()
    return False


def _spotlight_knows_it() -> bool:
    query = f"kMDItemCFBundleIdentifier == '{_BUNDLE}'"
    try:
        found = subprocess.run(["/usr/bin/mdfind", query], capture_output=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return bool(found.stdout.strip())
