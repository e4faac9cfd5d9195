"""Signals as something that a loop can wait for and take, one after the other."""

import signal
import socket
from types import FrameType


class SignalQueue:
    """Catches these signals for as long as it is entered. `fileno` is readable while some were not taken."""

    def __init__(self, *numbers: signal.Signals) -> None:
        self._numbers = numbers

    def __enter__(self) -> "SignalQueue":
        self._waking, self._woken = socket.socketpair()
        self._waking.setblocking(False)
        self._woken.setblocking(False)
        self._before = signal.set_wakeup_fd(self._waking.fileno(), warn_on_full_buffer=False)
        self._old = {number: signal.signal(number, _caught) for number in self._numbers}
        return self

    def __exit__(self, *_exc: object) -> None:
        for number, handler in self._old.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._before)
        self._waking.close()
        self._woken.close()

    def fileno(self) -> int:
        return self._woken.fileno()

    def take(self) -> frozenset[int]:
        """The numbers of the signals that came since the last call."""
        try:
            return frozenset(self._woken.recv(4096))
        except BlockingIOError:
            return frozenset()


def _caught(_number: int, _frame: FrameType | None) -> None:
    """Python writes the number to the wake-up descriptor by itself."""
