"""Standard output as bytes for a program that writes for long, and the end of whoever reads them."""

import os
import stat
import sys
from types import FrameType


class OutputPipe:
    """Standard output. `watch` is its descriptor when the end of its reader can be waited for (POLLERR), else None."""

    def __init__(self) -> None:
        self._descriptor = sys.stdout.fileno()
        mode = os.fstat(self._descriptor).st_mode
        # macOS cannot poll every device, and says an error for one that it cannot.
        self.watch = self._descriptor if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else None
        self._writing = self._interrupted = False
        #: Whether the last thing written was cut short.
        self.torn = False

    @property
    def shown_by(self) -> int:
        """The descriptor of the terminal on which it may be shown: of a pipe's reader, stderr's is the best guess."""
        return self._descriptor if self.watch is None else sys.stderr.fileno()

    @property
    def columns(self) -> int | None:
        """The width of the terminal; None where there is none."""
        if not os.isatty(self._descriptor):
            return None
        return os.get_terminal_size(self._descriptor).columns or None

    def write(self, data: bytes) -> None:
        """Writes all of it, at once. Raises `BrokenPipeError`; `KeyboardInterrupt` once it is written."""
        view = memoryview(data)
        self._writing = True
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        finally:
            self._writing = False
        if self._interrupted:
            self._interrupted = False
            raise KeyboardInterrupt

    def interrupt(self, _number: int, _frame: FrameType | None) -> None:
        """A signal's handler: ends what goes on, but lets a line be completed; only a second signal tears it."""
        if self._writing and not self._interrupted:
            self._interrupted = True
            return
        self.torn = self._writing
        raise KeyboardInterrupt

    def forget(self) -> None:
        """Sends what may still come nowhere: the reader has gone, and Python would complain while it ends."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._descriptor)
        os.close(nowhere)
