"""The two descriptors that the shim handed over: the session's output to read, its input to write.

This is their one owner. Both are pipes whose other ends iTerm2 holds.
"""

import os

from bus.ring import PipeEnded

#: What a closed descriptor is here, so that a number that the kernel has given to another file is never used.
CLOSED = -1


class Source:
    """One session's coprocess pipes, neither of which blocks."""

    def __init__(self, output: int, typed: int) -> None:
        """Takes over `output`, the session's output (the shim's stdin), and `typed`, its input (the shim's stdout).

        The shim shares these open file descriptions and does not read or write while a worker does, so making them
        non-blocking disturbs nobody; iTerm2's ends are descriptions of their own (sources/Tasks/Coprocess.m:140).
        """
        self.output = output
        self.typed = typed
        os.set_blocking(output, False)
        os.set_blocking(typed, False)

    def write(self, data: memoryview) -> int:
        """Types as much of `data` as the pipe takes and returns how much that was. Raises `PipeEnded`."""
        try:
            return os.write(self.typed, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise PipeEnded(error.strerror) from None

    def close(self) -> None:
        """Closes both. iTerm2 notices when the shim's copies are closed too."""
        for descriptor in (self.output, self.typed):
            if descriptor != CLOSED:
                os.close(descriptor)
        self.output = self.typed = CLOSED
