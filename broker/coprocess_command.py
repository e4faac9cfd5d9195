"""The one command with which our coprocess is started, and by which it is recognised. Pure.

iTerm2 identifies a coprocess by nothing else than this string, and keeps the last 20 different ones in a menu
(iTerm2 sources/Tasks/Coprocess.m:44), so it is the same for all sessions.
"""

import re
from pathlib import Path

from bus.errors import SetupError

#: What /bin/sh takes as it stands.
_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+", re.ASCII)


class CoprocessCommand:
    """`exec PYTHON -I -S SHIM 2>/dev/null`.

    `exec`, so that SIGTERM reaches the shim and no shell stays behind; absolute paths, because the working folder
    is `/` and PATH is launchd's; stderr goes nowhere, because iTerm2 shows what it gets there to the user
    (sources/Tasks/Coprocess.m:194), and /bin/sh too may complain.
    """

    def __init__(self, python: Path, shim: Path) -> None:
        """Raises `SetupError` for a path with a double quote: iTerm2 up to 3.6.11 would keep its backslash
        (sources/Categories/NSStringITerm.m:456)."""
        for path in (python, shim):
            if '"' in str(path) or "\n" in str(path):
                raise SetupError(f"the path {str(path)!r} holds a quote or a line break. Move itermbus elsewhere.")
        self._start = f"exec {_quote(str(python))} -I -S "
        self.text = f"{self._start}{_quote(str(shim))} 2>/dev/null"

    def is_ours(self, command: str) -> bool:
        """Whether a session's coprocess is our shim: by this very command, or by that of another installation of
        itermbus that this home folder's environment had before."""
        shim = command.removesuffix(" 2>/dev/null").rstrip("'")
        return command == self.text or (command.startswith(self._start) and shim.endswith("/coprocess/shim.py"))


def _quote(path: str) -> str:
    """`path` as one word for /bin/sh, without a double quote, which `shlex.quote` would use."""
    if _PLAIN.fullmatch(path):
        return path
    return "'" + path.replace("'", "'\\''") + "'"
