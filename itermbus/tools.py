"""Runs the system's own small tools, each with a time limit and never through a shell."""

import subprocess
from collections.abc import Sequence
from typing import NamedTuple

#: Seconds for one of them. launchctl waits for the end of what it stops (ExitTimeOut in the property list).
SECONDS = 60.0


class Answer(NamedTuple):
    """What a tool said, on either output. `code` is None when it could not be run at all."""

    code: int | None
    text: str

    @property
    def ok(self) -> bool:
        return self.code == 0


def run(command: Sequence[str], seconds: float = SECONDS) -> Answer:
    """Runs a command to its end."""
    try:
        done = subprocess.run(
            [*command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Answer(None, f"no answer within {seconds:g} s")
    except OSError as error:
        return Answer(None, error.strerror or "it cannot be run")
    return Answer(done.returncode, done.stdout.decode(errors="replace").strip())
