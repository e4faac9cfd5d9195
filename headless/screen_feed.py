"""The byte thread's end of the socket to the emulator process: round robin over the sessions' backlogs."""

import socket
from collections import deque

from headless.backlog import Backlog
from headless.emulator.wire import Kind, header
from headless.task_notifier import WRITE, TaskNotifier

#: Frames written per pass at most, so that the PTYs are served in between.
_FRAMES_PER_PASS = 16


class ScreenFeed:
    """Sends what sessions print, and the host's commands, to the emulator; byte thread only, counters excepted."""

    rank = 4

    def __init__(self, notifier: TaskNotifier) -> None:
        self._notifier = notifier
        self._socket: socket.socket | None = None
        self.backlogs: dict[int, Backlog] = {}
        self._turns: deque[int] = deque()
        self._partial = b""
        #: Output that was dropped for all sessions so far; a session's own count ends with it.
        self.shed_bytes = 0

    def connect(self, connection: socket.socket) -> None:
        """Uses `connection` from now on; what waited for a former one is dropped with its questions."""
        self.disconnect()
        self._socket = connection
        for number in self.backlogs:
            self.backlogs[number] = Backlog()
        self._turns.clear()
        self._partial = b""
        self._notifier.add(self)

    def disconnect(self) -> None:
        """Closes the connection, if any."""
        if self._socket is not None:
            self._notifier.remove(self)
            self._socket.close()
            self._socket = None

    def data(self, number: int, data: bytes) -> None:
        """Output of a session."""
        backlog = self.backlogs.get(number)
        if backlog is not None:
            self._note_turn(number, backlog)
            before = backlog.shed_bytes
            backlog.data(data)
            self.shed_bytes += backlog.shed_bytes - before

    def command(self, kind: Kind, number: int, payload: bytes) -> None:
        """A command, in order with the session's output. OPEN begins a session, CLOSE ends it."""
        if kind is Kind.OPEN:
            self.backlogs[number] = Backlog()
        backlog = self.backlogs.get(number)
        if backlog is not None:
            self._note_turn(number, backlog)
            backlog.command(kind, payload)

    def _note_turn(self, number: int, backlog: Backlog) -> None:
        if not backlog:
            self._turns.append(number)
            self._notifier.touch(self)

    # The channel.

    def fileno(self) -> int:
        """The socket."""
        return -1 if self._socket is None else self._socket.fileno()

    def interest(self) -> int:
        """Writes while anything waits."""
        return WRITE if self._turns or self._partial else 0

    def ready(self, _mask: int) -> None:
        """Writes some frames, one session after the other."""
        for _ in range(_FRAMES_PER_PASS):
            if not self._send_one():
                return

    def _send_one(self) -> bool:
        """Sends one frame, or the rest of one; False when nothing is left or the socket is full."""
        connection = self._socket
        if connection is None:
            return False
        if self._partial:
            parts = [self._partial]
        elif self._turns:
            parts = self._next_frame()
        else:
            return False
        try:
            sent = connection.sendmsg(parts)
        except BlockingIOError:
            sent = 0
        except OSError:  # the process is gone; the main thread notices and connects a new one
            self._partial = b""
            self._turns.clear()
            return False
        self._partial = b"".join(parts)[sent:] if sent < sum(map(len, parts)) else b""
        return not self._partial

    def _next_frame(self) -> list[bytes]:
        number = self._turns.popleft()
        backlog = self.backlogs[number]
        kind, payload = backlog.pop()
        if backlog:
            self._turns.append(number)
        if kind is Kind.CLOSE:
            self.backlogs.pop(number, None)
            if number in self._turns:
                self._turns.remove(number)
        return [header(kind, number, len(payload)), payload]
