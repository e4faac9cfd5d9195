"""Waits for as long as a worker reads the pipe; one that hangs without dying is killed.

A worker that is stopped or hangs holds the ring's lock, and iTerm2 piles up what it prints. The shim is the nearest to
see it: bytes wait in the pipe and the ring's head does not move. Killing loses nothing, as the shim reads on. A worker
that hangs while nothing is printed is noticed by the broker's heartbeat instead.
"""

import _signal  # type: ignore[import-not-found]  # it has no stubs
import _socket
import os
import select

from bus.ring import PipeEnded, waiting
from bus.ring_file import head_of
from coprocess.handover import has_ended, worker_pid

#: Between two looks while output flows. With nothing to read the shim sleeps, and costs nothing.
LOOK_MS = 100

#: So many looks in a row at bytes that wait and a head that stands still: the worker hangs.
STRIKES = 4


def wait_gone(connection: _socket.socket, stdin: int, ring: str) -> None:
    """Returns once the worker is gone. Raises `PipeEnded` when it says that the pipe has ended."""
    strikes, head = 0, -1
    flowing = False
    while True:
        poll = select.poll()
        poll.register(connection, select.POLLIN)
        if not flowing:
            poll.register(stdin, select.POLLIN)
        state = dict(poll.poll(LOOK_MS if flowing else None))
        if connection.fileno() in state:
            try:
                if has_ended(connection):
                    raise PipeEnded("the worker says so")
            except ConnectionError:
                return
        waits = waiting(stdin)
        # An end of the pipe is there to be seen at once, too; only the worker's word about it is waited for then.
        flowing = bool(waits) or stdin in state
        now = head_of(ring)
        strikes = strikes + 1 if waits and now == head else 0
        head = now
        if strikes >= STRIKES:
            _kill(connection)
            strikes = 0


def _kill(connection: _socket.socket) -> None:
    pid = worker_pid(connection)
    if pid is not None:
        try:
            os.kill(pid, _signal.SIGKILL)
        except OSError:
            return
