"""The logs in `~/.itermbus/log`: which there are, and their lines as they are written."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from bus.errors import ItermbusError
from bus.paths import Paths
from bus.topics import WORKER_PREFIX

#: Bytes read of one file at once.
_READ_BYTES = 256 * 1024


class NoSuchLog(ItermbusError):
    """A name that names no log, or several."""


def names(paths: Paths) -> list[str]:
    """What can be given to `logs`: the files' names without their ends, the processes' own."""
    return sorted(path.stem for path in paths.log.glob("*.log"))


def find(paths: Paths, name: str) -> Path:
    """The log of a process; the beginning of a session's id is enough. Raises `NoSuchLog`."""
    known = names(paths)
    if name in known:
        return paths.log / f"{name}.log"
    beginnings = (name.lower(), WORKER_PREFIX + name.lower())
    found = [other for other in known if name and other.lower().startswith(beginnings)]
    if len(found) == 1:
        return paths.log / f"{found[0]}.log"
    if found:
        raise NoSuchLog(f"{name[:60]!a} is not unique: {', '.join(found[:5])}")
    raise NoSuchLog(f"there is no log {name[:60]!a}. There are: {', '.join(known) or 'none yet'}")


class Tail:
    """Follows one file, over its rotation: what was written to the old one before that comes first."""

    def __init__(self, path: Path, last_lines: int) -> None:
        self.path = path
        self._file: BinaryIO | None = None
        self._rest = b""
        self._first = last_lines
        self._reopen()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def read(self) -> Sequence[str]:
        """The whole lines that have come since; at first the last ones that there are."""
        lines = self._lines()
        if self._first >= 0:
            lines, self._first = (lines[-self._first :] if self._first else []), -1
        if self._was_replaced():
            self._reopen()
            lines += self._lines()
        return lines

    def _lines(self) -> list[str]:
        if self._file is None:
            return []
        data = self._rest
        while part := self._file.read(_READ_BYTES):
            data += part
        *whole, self._rest = data.split(b"\n")
        return [printable(line.decode(errors="replace")) for line in whole]

    def _was_replaced(self) -> bool:
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return False
        if self._file is None:
            return True
        mine = os.fstat(self._file.fileno())
        return not os.path.samestat(mine, status) or status.st_size < self._file.tell()

    def _reopen(self) -> None:
        self.close()
        self._rest = b""
        with suppress(FileNotFoundError):
            self._file = self.path.open("rb")


def printable(line: str) -> str:
    """A line that cannot steer the terminal: it should hold nothing that could, and this makes sure."""
    return "".join(c if c.isprintable() or c == "\t" else "?" for c in line)
