"""The size of a session as long as somebody looks at it through a terminal of another size.

It is a loan: when somebody else sets the size, the user in iTerm2 before all, it is not asked for again until our own
terminal gets another size.
"""

import time
from collections import deque
from collections.abc import Callable

from itermbus.following import Follower

#: A lease is asked for anew long before it ends: a gateway may be away for some seconds.
_LEASE_SECONDS = 30
_RENEW_SECONDS = 10.0

#: How long the word of a size may be behind the answer that it was given.
_BEHIND_SECONDS = 1.0

#: Sizes of ours that the session may still be on its way through, while our terminal's corner is dragged.
_SIZES_MOST = 32

#: The names of its requests: for a size, and for more time.
REQUEST = "resize"
RENEWAL = "renew"

Size = tuple[int, int]


class SizeLease:
    """Has the followed session take the size of our terminal, until the connection or the lease ends."""

    def __init__(self, follower: Follower, size: Size, clock: Callable[[], float] = time.monotonic) -> None:
        self._follower = follower
        self._clock = clock
        self._size = size
        self._ours: deque[Size] = deque([size], maxlen=_SIZES_MOST)
        self._told: Size | None = None
        self._decide_at: float | None = None
        #: Requests for a size that are not answered; meanwhile nobody can tell whose a size is.
        self._asked = 0
        self._has_it = False
        self._due: float | None = None
        self.taken_back = False

    @property
    def seconds_left(self) -> float | None:
        """Until `renew` has something to do; None for never."""
        due = self._due if self._decide_at is None else self._decide_at
        return None if due is None or self.taken_back else max(0.0, due - self._clock())

    def resize(self, size: Size) -> None:
        """Our terminal has another size, which the user in front of it wants to see the session in."""
        self._size = size
        self._ours.append(size)
        self.taken_back, self._decide_at = False, None
        self._ask(REQUEST)

    def welcome(self) -> None:
        """A gateway that has just come knows of no lease."""
        self._asked, self._has_it, self._told, self._decide_at = 0, False, None, None
        if not self.taken_back:
            self._ask(REQUEST)

    def renew(self) -> None:
        """Asks for more time when it is time to; or again, for what was refused."""
        if self.seconds_left != 0.0:
            return
        if self._decide_at is not None:
            self._decide_at, self.taken_back = None, True
        else:
            self._ask(RENEWAL if self._has_it else REQUEST)

    def granted(self, size: Size) -> Size:
        """A request for a size got this one: iTerm2 may not be able to give all that was asked for.

        The size to believe in. When the last word was another one, it was from before, or somebody has set it since:
        the next word tells, or that there is none.
        """
        self._asked, self._has_it = max(0, self._asked - 1), True
        self._ours.append(size)
        if self._told is None or self._told in self._ours:
            return size
        self._decide_at = self._clock() + _BEHIND_SECONDS
        return self._told

    def refused(self, name: str) -> None:
        """The request `name` was refused."""
        self._has_it = False
        if name == REQUEST:
            self._asked = max(0, self._asked - 1)

    def told(self, size: Size) -> None:
        """The session has this size now."""
        self._told, self._decide_at = size, None
        if not self._asked:
            self.taken_back = size not in self._ours

    def _ask(self, name: str) -> None:
        self._due = self._clock() + _RENEW_SECONDS
        columns, rows = self._size
        sent = self._follower.send("resize", {"id": name, "columns": columns, "rows": rows, "lease": _LEASE_SECONDS})
        if sent and name == REQUEST:
            self._asked += 1
