"""The Python that runs this, and the one that the link in ~/.itermbus names."""

import os
import platform
import sys
from pathlib import Path

from bus.paths import Paths
from itermbus.doctor.finding import Finding, ok, problem, warning

_CHECK = "Python"


def check(paths: Paths) -> list[Finding]:
    """That the processes would find their interpreter, and that it is the one of this command."""
    found = f"{platform.python_version()} in {sys.prefix}"
    link = paths.environment
    if not link.is_symlink():
        return [ok(_CHECK, found)]  # nothing was started yet
    target = link.readlink()
    if not os.access(link / "bin" / "python", os.X_OK):
        return [problem(_CHECK, f"{link} points to {target}, where no Python is any more", "itermbus init, then up")]
    if not _same(target, Path(sys.prefix)):
        text = f"{link} points to {target}, and this command is from {sys.prefix}"
        return [warning(_CHECK, text, "Use one installation, or: itermbus init, and itermbus restart all")]
    return [ok(_CHECK, found)]


def _same(one: Path, other: Path) -> bool:
    return one == other or (one.exists() and other.exists() and one.samefile(other))
