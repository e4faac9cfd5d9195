"""Flow control that a client asks for: how many of a session's bytes it still allows. Pure."""

from bus.limits import CREDIT_BYTES


class Window:
    """The credit of one session, in bytes of its stream. `None` at the start: without limit, for good."""

    def __init__(self, size: int | None) -> None:
        self._given = size
        #: Bytes that were sent on credit.
        self.used = 0

    def most(self, size: int) -> int:
        """As much of `size` as is allowed."""
        return size if self._given is None else max(0, min(size, self._given - self.used))

    def use(self, size: int) -> None:
        self.used += size

    def rewind(self, used: int) -> None:
        """Of what was counted, only so much was really sent."""
        self.used = used

    def add(self, size: int) -> None:
        """More credit; `CREDIT_BYTES` is all that a session can have at a time."""
        if self._given is not None:
            self._given = min(self._given + size, self.used + CREDIT_BYTES)
