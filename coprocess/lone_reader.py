"""Reads the session's output while there is no worker, into the same ring at the same offset.

iTerm2 keeps what a coprocess does not read without any bound, and moves all of it at every write (iTerm2
sources/Tasks/Coprocess.m:225), so somebody must always read. What nobody sees before the ring runs around is lost to
viewers, who are told so by the offsets; iTerm2 is not slowed down.
"""

import os
import select
import time

from bus.limits import RING_BYTES
from bus.ring import PipeEnded, Ring, new_epoch, waiting
from bus.ring_file import RingBusy, RingUnusable, open_ring

#: Between two tries to take the ring from a worker that is about to die.
_TRY_SECONDS = 0.02

#: With a ring that cannot be used for this long, output is read and thrown away, and the next worker begins an epoch.
DISCARD_AFTER_SECONDS = 10.0
_DISCARD_BYTES = 65536


class LoneReader:
    """Reads `stdin` into the ring at `path`, when it is asked to and nobody else does."""

    def __init__(self, path: str, stdin: int, stdout: int) -> None:
        self._path = path
        self._stdin = stdin
        self._stdout = stdout
        self._ring: Ring | None = None
        self._unusable_since: float | None = None
        #: What the bytes that were read so far belong to; empty when there are none, or some were thrown away.
        self.epoch = ""

    def read(self, seconds: float) -> None:
        """Reads for that long, by taking the ring first if it can be had. Raises `PipeEnded`."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if self._ring is None:
                self._take_ring()
            if self._ring is not None:
                self._fill(self._ring, left)
            elif self._unusable_since is None or time.monotonic() - self._unusable_since < DISCARD_AFTER_SECONDS:
                self._wait(min(left, _TRY_SECONDS), wants_output=False)
            else:
                self._discard(left)

    def release(self) -> None:
        """Lets go of the ring, so that a worker can have it."""
        if self._ring is not None:
            self._ring.close()
            self._ring = None

    def mark_stopped(self) -> None:
        """Leaves word for the next worker that the user stopped the coprocess."""
        if self._ring is not None:
            self._ring.stopped = True

    def _take_ring(self) -> None:
        try:
            ring = open_ring(self._path, RING_BYTES)
            if not self.epoch or ring.epoch != self.epoch or not ring.settle(self._stdin):
                self.epoch = new_epoch()
                ring.restart(self.epoch)
        except RingBusy:
            self._unusable_since = None
        except (RingUnusable, OSError):
            if self._unusable_since is None:
                self._unusable_since = time.monotonic()
        else:
            self._ring, self._unusable_since = ring, None

    def _fill(self, ring: Ring, seconds: float) -> None:
        if self._wait(seconds, wants_output=True):
            ring.fill(self._stdin, waiting(self._stdin) or 1)

    def _discard(self, seconds: float) -> None:
        if not self._wait(min(seconds, 1.0), wants_output=True):
            return
        self.epoch = ""
        try:
            if not os.read(self._stdin, _DISCARD_BYTES):
                raise PipeEnded("end of file")
        except BlockingIOError:
            return

    def _wait(self, seconds: float, *, wants_output: bool) -> bool:
        """Waits for output, or for the end of either pipe. Raises `PipeEnded` when iTerm2 no longer reads ours."""
        poll = select.poll()
        poll.register(self._stdout, 0)
        poll.register(self._stdin, select.POLLIN if wants_output else 0)
        state = dict(poll.poll(seconds * 1000))
        if state.get(self._stdout, 0) & (select.POLLERR | select.POLLHUP | select.POLLNVAL):
            # What it had sent before is still there to be read.
            if not waiting(self._stdin):
                raise PipeEnded("iTerm2 has closed its end")
            return True
        return self._stdin in state
