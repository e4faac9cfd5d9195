"""What the user types on its way to the session: in order, bounded, and never sent twice."""

import base64

from itermbus.following import Follower
from itermbus.gateway_messages import Error, Result

#: Inputs that wait for their answers. While so many do, nothing more is read from the terminal.
_PENDING_INPUTS = 32

#: What is kept for a gateway that is away, or until the first screen; more is refused with a bell.
_KEPT_BYTES = 64 * 1024


class Typing:
    """Sends input to the followed session, once its gateway shows it."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._numbers = 0
        self._pending: dict[int, int] = {}
        self._welcome = False
        self._kept = b""

    @property
    def is_full(self) -> bool:
        """Whether the terminal is not to be read now."""
        return self._welcome and len(self._pending) >= _PENDING_INPUTS

    def type(self, data: bytes) -> bool:
        """Sends what was typed, or keeps it for a gateway that is away. Whether there was room."""
        if not data:
            return True
        if self._welcome:
            self._numbers += 1
            keys = {"id": self._numbers, "data": base64.b64encode(data).decode()}
            if self._follower.send("input", keys):
                self._pending[self._numbers] = len(data)
                return True
            self.gone()
        if len(self._kept) + len(data) > _KEPT_BYTES:
            return False
        self._kept += data
        return True

    def gone(self) -> int:
        """The gateway has gone. Returns how many bytes were on their way: nobody knows whether they were written."""
        self._welcome = False
        unknown = sum(self._pending.values())
        self._pending.clear()
        return unknown

    def welcome(self) -> None:
        """The gateway shows the session, and gets what was kept."""
        self._welcome = True
        kept, self._kept = self._kept, b""
        self.type(kept)

    def answered(self, answer: Result | Error) -> bool:
        """Takes an answer; whether it is one to an input."""
        return isinstance(answer.id, int) and self._pending.pop(answer.id, None) is not None
