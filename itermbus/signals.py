"""Ctrl-C, SIGTERM, a closed terminal and the end of a child, as something to wait for."""

import os
import select
import signal
from types import FrameType

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """Catches the signals that ask us to stop, for as long as it is entered; `wait` returns early for any of them.

    A pipe and not `threading.Event`: an event that is set by a handler in the middle of its own `wait` can block.
    """

    def __init__(self) -> None:
        self.stops = 0
        self.hung_up = False
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)

    def __enter__(self) -> "Signals":
        self._old = {number: signal.signal(number, self._handle) for number in (*_STOPS, signal.SIGCHLD)}
        return self

    def __exit__(self, *_exc: object) -> None:
        for number, handler in self._old.items():
            signal.signal(number, handler)
        os.close(self._read)
        os.close(self._write)

    def hang_up(self) -> None:
        """What SIGHUP does, for a closed terminal that was noticed before the signal."""
        self._handle(signal.SIGHUP, None)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            self.stops += 1
            self.hung_up |= number == signal.SIGHUP
        try:
            os.write(self._write, b".")
        except BlockingIOError:
            return  # the pipe is full of wake-ups already

    def wait(self, seconds: float | None) -> None:
        """Waits for a signal that was not waited for yet, or until `seconds` have passed; None: without limit."""
        if select.select([self._read], [], [], seconds)[0]:
            os.read(self._read, 4096)
