"""The messages that a process could not read: counted, and told in the log without letting a flood fill it.

A message of another version is its own case: nothing is wrong with it, one of two processes is older than the other,
and the log says which one to restart, once for each change.
"""

import logging

from bus.codec import WrongVersion
from bus.errors import ProtocolError
from bus.version import remedy

#: Publishers whose version is remembered; past it all is forgotten, which costs a repeated line.
_PUBLISHERS = 1000


class Dropped:
    """Those of one kind (`what`: "a request", "a frame") that the process named `process` has received."""

    def __init__(self, log: logging.Logger, what: str, process: str) -> None:
        self._log = log
        self._what = what
        self._process = process
        self._versions: dict[str, int] = {}
        self.count = 0

    def take(self, error: ProtocolError) -> None:
        """Counts one. Malformed ones are told at the first, second, fourth, eighth, ... of them."""
        self.count += 1
        if isinstance(error, WrongVersion):
            self._tell_version(error)
        elif self.count & (self.count - 1) == 0:
            self._log.warning("dropped %s: %s (%d so far)", self._what, error, self.count)

    def _tell_version(self, error: WrongVersion) -> None:
        if self._versions.get(error.sender) == error.version:
            return
        if len(self._versions) >= _PUBLISHERS:
            self._versions.clear()
        self._versions[error.sender] = error.version
        self._log.warning(
            "dropped %s: %s: %s", self._what, error, remedy(error.version, self._process, error.sender or "its sender")
        )
