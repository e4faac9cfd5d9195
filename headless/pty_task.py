"""One session's PTY on the byte thread (iTerm2 sources/Tasks/PTYTask.m)."""

import os
from collections.abc import Callable

from headless.coprocess_host import PTY_BUFFER_LIMIT, Coprocess, CoprocessLink
from headless.out_buffer import OutBuffer
from headless.tally import Tally
from headless.task_notifier import READ, WRITE, TaskNotifier

#: Bytes taken per pass. iTerm2 reads up to 4 * 1024 (sources/Tasks/PTYTask.m:882), as a macOS PTY gives at most 1 KiB
#: at a time; a Linux PTY gives 4095, and each pass costs Python more than it costs C, so more is taken at once. As in
#: iTerm2 it is far less than what a coprocess's pipe takes in a pass (64 KiB), so that what waits for it does not grow
#: while its reader keeps up.
PASS_BYTES = 16 * 1024
_READ_SIZE = 65536
#: After a read this short nothing more is waiting, most of the time.
_SHORT_READ = 2048


class PtyTask:
    """The PTY master of a running program, its write buffer and its coprocess; byte thread only."""

    rank = 0

    def __init__(
        self,
        fd: int,
        pid_fd: int | None,
        notifier: TaskNotifier,
        tally: Tally,
        on_output: Callable[[bytes], None],
        on_broken: Callable[["PtyTask"], None],
    ) -> None:
        """Takes over `fd` and `pid_fd` (a Linux pidfd, or None) and closes them in the end.

        `on_output` gets every piece read, `on_broken` follows the end of the program; both run on the thread.
        """
        self._fd = fd
        self._notifier = notifier
        self._tally = tally
        self._on_output = on_output
        self._on_broken = on_broken
        self.outgoing = OutBuffer()
        self.received = 0
        self.paused = False
        self.broken = False
        self._muted = False
        self.coprocess: CoprocessLink | None = None
        self._exit = None if pid_fd is None else _ExitWatch(self, pid_fd)

    def start(self) -> None:
        """Registers with the thread."""
        self._notifier.add(self)
        if self._exit is not None:
            self._notifier.add(self._exit)

    # The channel.

    def fileno(self) -> int:
        """The PTY master."""
        return self._fd

    def interest(self) -> int:
        """Reads always, writes while bytes wait; neither while paused (the undo period after a close)."""
        if self.paused or self.broken:
            return 0
        return READ | WRITE if self.outgoing.size else READ

    def ready(self, mask: int) -> None:
        """Reads first, then writes."""
        if mask & READ:
            self._read()
        if mask & WRITE and not self.broken:
            self._write()

    def _read(self) -> None:
        pieces, taken, ended = [], 0, False
        while taken < PASS_BYTES:
            try:
                piece = os.read(self._fd, _READ_SIZE)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:  # EIO: nobody holds the terminal any more (Linux's way of saying EOF)
                piece = b""
            if not piece:
                ended = True
                break
            pieces.append(piece)
            taken += len(piece)
            if len(piece) < _SHORT_READ:
                break
        if pieces:
            data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            self.received += taken
            self._tally.output_bytes += taken
            # First the session's own reader, then the coprocess (sources/Tasks/PTYTask.m:882-904).
            if self.coprocess is None:
                self._on_output(data)
            else:
                if not self._muted:
                    self._on_output(data)
                self.coprocess.append(data)
                self._tally.note_waiting(self.coprocess.coprocess.buffer.size)
        if ended:
            self._break()

    def _write(self) -> None:
        try:
            self.outgoing.write_to(self._fd)
        except InterruptedError:
            return
        except OSError:
            self._break()
            return
        self._touch_coprocess()

    def _break(self) -> None:
        """The program ended: the task is deregistered, its coprocess neither served nor killed."""
        if self.broken:
            return
        self.broken = True
        self._notifier.remove(self)
        self._remove_exit_watch()
        if self.coprocess is not None:
            self.coprocess.suspend()
        self._on_broken(self)

    def program_exited(self) -> None:
        """The session's root process is gone.

        On macOS the terminal is revoked then and EOF follows by itself. Linux keeps it open as long as a background
        job holds it, so the end is made here: what was printed is read, then the task breaks.
        """
        self._remove_exit_watch()
        for _ in range(64):
            before = self.received
            if self.broken or self.paused:
                break
            self._read()
            if self.received == before:
                break
        if self.paused:
            return  # found broken when it is resumed
        self._break()

    def _remove_exit_watch(self) -> None:
        if self._exit is not None:
            self._notifier.remove(self._exit)
            os.close(self._exit.fileno())
            self._exit = None

    # What the main thread posts.

    def type_bytes(self, data: bytes) -> None:
        """Queues input for the program."""
        if not self.broken:
            self.outgoing.append(data)
            self._notifier.touch(self)
            self._touch_coprocess()

    def set_paused(self, paused: bool) -> None:
        """Stops or resumes reading and writing the PTY."""
        self.paused = paused
        self._notifier.touch(self)
        self._touch_coprocess()

    def attach(
        self,
        coprocess: Coprocess,
        on_end: Callable[[Coprocess], None],
        on_errors: Callable[[Coprocess], None],
        *,
        muted: bool = False,
    ) -> None:
        """Gives the session a coprocess; bytes flow from now on, nothing from before.

        While a muted one runs, the session's own reader gets nothing: no display, no titles, no replies to queries
        (sources/VT100Screen/VT100ScreenMutableState.m:7806).
        """
        self._muted = muted

        def ended(link: CoprocessLink) -> None:
            if self.coprocess is link:
                self.coprocess = None
            on_end(link.coprocess)

        self.coprocess = CoprocessLink(
            coprocess,
            self._notifier,
            pty_room=self._has_room,
            type_bytes=self.type_bytes,
            on_end=ended,
            on_errors=on_errors,
        )
        if self.broken:
            self.coprocess.suspend()

    def stop_coprocess(self) -> bool:
        """Ends the coprocess; False if there is none."""
        link, self.coprocess = self.coprocess, None
        if link is None:
            return False
        link.end()
        return True

    def close(self, *, abandon: bool = False) -> None:
        """Ends the coprocess and closes the PTY, which sends SIGHUP to the program's foreground group."""
        link, self.coprocess = self.coprocess, None
        if link is not None:
            link.abandon() if abandon else link.end()
        self.broken = True
        self._notifier.remove(self)
        self._remove_exit_watch()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _has_room(self) -> bool:
        return self.outgoing.size < PTY_BUFFER_LIMIT

    def _touch_coprocess(self) -> None:
        if self.coprocess is not None:
            self._notifier.touch(self.coprocess.output)


class _ExitWatch:
    """A pidfd, which becomes readable when the process ends."""

    rank = 0

    def __init__(self, task: PtyTask, fd: int) -> None:
        self._task = task
        self._fd = fd

    def fileno(self) -> int:
        return self._fd

    def interest(self) -> int:
        return READ

    def ready(self, _mask: int) -> None:
        self._task.program_exited()
