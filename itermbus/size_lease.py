"""The size of a session as long as somebody looks at it through a terminal of another size."""

import time

from itermbus.following import Follower

#: A lease is asked for anew long before it ends: a gateway may be away for some seconds.
_LEASE_SECONDS = 30
_RENEW_SECONDS = 10.0

#: The name of its requests.
REQUEST = "resize"


class SizeLease:
    """Has the followed session take the size of our terminal, until the connection or the lease ends."""

    def __init__(self, follower: Follower, size: tuple[int, int]) -> None:
        self._follower = follower
        self._size = size
        self._due = time.monotonic()

    @property
    def seconds_left(self) -> float:
        """Until `renew` has something to do."""
        return max(0.0, self._due - time.monotonic())

    def resize(self, size: tuple[int, int]) -> None:
        """Our terminal has another size."""
        self._size = size
        self._due = time.monotonic()

    def renew(self) -> None:
        """Asks for the size when it is time to."""
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + _RENEW_SECONDS
            columns, rows = self._size
            self._follower.send("resize", {"id": REQUEST, "columns": columns, "rows": rows, "lease": _LEASE_SECONDS})
