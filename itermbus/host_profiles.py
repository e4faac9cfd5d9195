"""The profile files given to `--profile`: judged by the host itself before anything is started."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bus.errors import SetupError
from itermbus import installation

_SECONDS = 30.0


def check(files: Sequence[Path], *, headless: bool) -> list[Path]:
    """The files by their absolute paths. Raises `SetupError` for one that the headless host would not take."""
    if not files:
        return []
    if not headless:
        raise SetupError("--profile is for the headless host; iTerm2 has profiles of its own. Add --headless.")
    absolute = [file.absolute() for file in files]
    for file in absolute:
        installation.conf_quote(file)
    command = [sys.executable, "-P", "-m", "headless", "--check", *(f"--profile={file}" for file in absolute)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise SetupError(f"the headless host did not judge its profiles within {_SECONDS:g} s") from None
    if done.returncode != 0:
        raise SetupError(done.stderr.decode(errors="replace").strip() or "the headless host cannot take these profiles")
    return absolute
