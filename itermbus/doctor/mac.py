"""macOS and iTerm2: installed and new enough. The Mac's own part is `read`; what it reads is judged anywhere."""

import platform
import plistlib
from collections.abc import Iterable
from pathlib import Path

from itermbus.doctor.finding import Finding, ok, problem

_MACOS = "macOS"
_ITERM2 = "iTerm2"

#: pyzmq's wheels are built for this one.
_MACOS_LEAST = (10, 15)

#: The first whose Python API has all that the broker uses.
_ITERM2_LEAST = (3, 5)

PLACES = (Path("/Applications/iTerm.app"), Path("~/Applications/iTerm.app"))


def check() -> list[Finding]:
    """On a Mac only. (Could not be run where this is tested; `judge_macos` and `judge_iterm2` were.)"""
    return [judge_macos(platform.mac_ver()[0]), judge_iterm2(place.expanduser() for place in PLACES)]


def judge_macos(version: str) -> Finding:
    """`version` as the system tells it: "14.4.1"."""
    if _numbers(version) < _MACOS_LEAST:
        return problem(_MACOS, f"{version or 'unknown'} is too old", "10.15 or newer is needed.")
    return ok(_MACOS, version)


def judge_iterm2(places: Iterable[Path]) -> Finding:
    """The first application among `places`, by what its Info.plist says."""
    for place in places:
        try:
            with (place / "Contents" / "Info.plist").open("rb") as file:
                version = str(plistlib.load(file).get("CFBundleShortVersionString", ""))
        except (OSError, ValueError, plistlib.InvalidFileException):
            continue
        if _numbers(version) < _ITERM2_LEAST:
            return problem(_ITERM2, f"{version} in {place} is too old", "Update it: 3.5 or newer is needed.")
        return ok(_ITERM2, f"{version} in {place}")
    return problem(_ITERM2, "not installed", "Install it, or use the headless host: itermbus up --headless")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
