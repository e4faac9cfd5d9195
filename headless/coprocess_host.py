"""Coprocesses with iTerm2's rules: how they are started, fed, read and ended (iTerm2 sources/Tasks/Coprocess.m)."""

import logging
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from typing import IO

from headless.out_buffer import OutBuffer
from headless.task_notifier import READ, WRITE, TaskNotifier

_log = logging.getLogger(__name__)

#: A coprocess' stdout is read only while less than this waits for the PTY (sources/Tasks/TaskNotifier.m:190).
PTY_BUFFER_LIMIT = 10240
#: Bytes per read of its stdout (sources/Tasks/Coprocess.m:245, kMaxInputBufferSize).
READ_SIZE = 1024
#: Characters of stderr that are kept (sources/Tasks/Coprocess.m:194).
MAX_ERRORS = 100_000
_ERRORS_READ = 4096


class Coprocess:
    """A running coprocess. Made on the main thread, then used on the byte thread only, counters excepted."""

    def __init__(self, command: str, environment: Mapping[str, str]) -> None:
        """Starts `/bin/sh -c command`: sources/Tasks/Coprocess.m:68-168.

        Three pipes; SIGPIPE is default in the child, descriptors from 3 up are closed; no new session, no new group,
        no controlling terminal; working folder `/`, as that of an app started by launchd.
        """
        self.command = command
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            executable="/bin/sh",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd="/",
            env=dict(environment),
            close_fds=True,
        )
        self.stdin, self.stdout, self.stderr = map(
            _own_end, (self.process.stdin, self.process.stdout, self.process.stderr)
        )
        self.buffer = OutBuffer()
        self.errors = ""
        self.ended = False
        self.write_broken = False
        #: Bytes that waited when the coprocess was ended; iTerm2 drops them too.
        self.dropped = 0

    @property
    def pid(self) -> int:
        """The pid of the `/bin/sh`, or of what it became by exec."""
        return self.process.pid


def _own_end(stream: IO[bytes] | None) -> int:
    """The descriptor of one of the parent's pipe ends, made non-blocking and taken from its file object."""
    assert stream is not None
    fd = os.dup(stream.fileno())
    stream.close()
    os.set_blocking(fd, False)
    return fd


class CoprocessLink:
    """The three channels of one coprocess on the byte thread."""

    def __init__(
        self,
        coprocess: Coprocess,
        notifier: TaskNotifier,
        pty_room: Callable[[], bool],
        type_bytes: Callable[[bytes], None],
        on_end: Callable[["CoprocessLink"], None],
        on_errors: Callable[[Coprocess], None],
    ) -> None:
        """`pty_room` says whether less than PTY_BUFFER_LIMIT waits for the PTY, `type_bytes` appends to it,
        `on_end` follows EOF or an error on stdout, `on_errors` the end of stderr of an ended coprocess that wrote some.
        """
        self.coprocess = coprocess
        self._notifier = notifier
        self._pty_room = pty_room
        self._type_bytes = type_bytes
        self._on_end = on_end
        self._on_errors = on_errors
        self.served = True
        self.input = _Input(self)
        self.output = _Output(self)
        self._errors = _Errors(self)
        for channel in (self.input, self.output, self._errors):
            notifier.add(channel)

    def append(self, data: bytes) -> None:
        """Session output for the coprocess, without any bound; also after a write error, until it is gone."""
        self.coprocess.buffer.append(data)
        self._notifier.touch(self.input)

    def suspend(self) -> None:
        """The session's task is gone: neither served nor killed (sources/Tasks/TaskNotifier.m:100-120)."""
        self.served = False
        for channel in (self.input, self.output):
            self._notifier.touch(channel)

    def end(self) -> None:
        """SIGTERM once to the shell, both pipes closed at once, what waits is dropped (sources/Tasks/PTYTask.m:484)."""
        coprocess = self.coprocess
        if coprocess.ended:
            return
        coprocess.ended = True
        if coprocess.process.poll() is None:
            coprocess.process.send_signal(signal.SIGTERM)
            self._notifier.reap(coprocess.process)
        for channel in (self.input, self.output):
            self._notifier.remove(channel)
        os.close(coprocess.stdin)
        os.close(coprocess.stdout)
        coprocess.dropped += coprocess.buffer.clear()
        if coprocess.stderr < 0:
            self._surface_errors()

    def abandon(self) -> None:
        """Ends it and stops collecting stderr: the host goes down."""
        self.end()
        if self.coprocess.stderr >= 0:
            self._notifier.remove(self._errors)
            os.close(self.coprocess.stderr)
            self.coprocess.stderr = -1

    def write(self) -> None:
        """One write of what waits; an error other than EAGAIN ends writing, not appending."""
        coprocess = self.coprocess
        try:
            coprocess.buffer.write_to(coprocess.stdin)
        except InterruptedError:
            return
        except OSError:
            coprocess.write_broken = True

    def read(self) -> None:
        """Reads up to READ_SIZE bytes and types them; EOF or an error ends the coprocess."""
        try:
            data = os.read(self.coprocess.stdout, READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            self._type_bytes(data)
        else:
            self.end()
            self._on_end(self)

    def read_errors(self) -> None:
        """Collects stderr, at most MAX_ERRORS characters; what follows is read and forgotten."""
        coprocess = self.coprocess
        try:
            data = os.read(coprocess.stderr, _ERRORS_READ)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            coprocess.errors = (coprocess.errors + data.decode(errors="replace"))[:MAX_ERRORS]
            return
        self._notifier.remove(self._errors)
        os.close(coprocess.stderr)
        coprocess.stderr = -1
        if coprocess.ended:
            self._surface_errors()

    def _surface_errors(self) -> None:
        """iTerm2 announces them in the session once both the coprocess and its stderr have ended."""
        if self.coprocess.errors:
            self._on_errors(self.coprocess)

    def has_room(self) -> bool:
        """Whether its stdout may be read now."""
        return self.served and self._pty_room()


class _Input:
    rank = 1

    def __init__(self, link: CoprocessLink) -> None:
        self._link = link

    def fileno(self) -> int:
        return self._link.coprocess.stdin

    def interest(self) -> int:
        coprocess = self._link.coprocess
        return WRITE if self._link.served and coprocess.buffer.size and not coprocess.write_broken else 0

    def ready(self, _mask: int) -> None:
        self._link.write()


class _Output:
    rank = 2

    def __init__(self, link: CoprocessLink) -> None:
        self._link = link

    def fileno(self) -> int:
        return self._link.coprocess.stdout

    def interest(self) -> int:
        return READ if self._link.has_room() else 0

    def ready(self, _mask: int) -> None:
        if self._link.has_room():
            self._link.read()


class _Errors:
    rank = 3

    def __init__(self, link: CoprocessLink) -> None:
        self._link = link

    def fileno(self) -> int:
        return self._link.coprocess.stderr

    def interest(self) -> int:
        return READ

    def ready(self, _mask: int) -> None:
        self._link.read_errors()
