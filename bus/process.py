"""What every process of itermbus does on its first lines: log, umask, exit code, and knowing when its parent died."""

import os
import signal
import socket
import stat
import sys
from collections.abc import Callable

from bus import log_lines
from bus.errors import ItermbusError, SetupError

#: Exit codes (sysexits.h where one fits). supervisord restarts after any of them, with back-off.
EXIT_OK = 0
EXIT_FAILURE = 1
EXIT_SETUP = 78

_STDIN = 0

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def run(main: Callable[[], int], name: str) -> int:
    """Runs a process's `main` and turns what it raises into one line on stderr and an exit code."""
    os.umask(0o077)
    try:
        return main()
    except SetupError as error:
        print_error(name, str(error))
        return EXIT_SETUP
    except ItermbusError as error:
        print_error(name, str(error))
        return EXIT_FAILURE
    except KeyboardInterrupt:
        return EXIT_OK


def print_error(name: str, text: str) -> None:
    """One line on stderr for a person, before or without logging."""
    lines = "\n".join(map(log_lines.one_line, text.splitlines()))
    sys.stderr.write(f"{log_lines.one_line(name)}: {lines}\n")


def start_logging(level: str) -> None:
    """Logs to stderr, which supervisord rotates into `~/.itermbus/log/`. `level` is a name in lower case."""
    log_lines.start(level, _FORMAT)


class ParentWatch:
    """Tells when the process that started us is gone.

    Workers of a dead supervisord have to make way for those of the next one. There is no portable notice of it
    (PR_SET_PDEATHSIG is Linux's own), so whoever has a timer asks: an orphan has another parent. supervisord gives each
    of its processes a pipe for stdin and writes nothing into it (supervisor/options.py: make_pipes), so its end is a
    notice, too.
    """

    def __init__(self) -> None:
        self._parent = os.getppid()

    def is_orphan(self) -> bool:
        return os.getppid() != self._parent

    @staticmethod
    def lifeline() -> int | None:
        """A descriptor that is readable once the parent has gone; None when it gave us none, and one has to ask."""
        try:
            return _STDIN if stat.S_ISFIFO(os.fstat(_STDIN).st_mode) else None
        except OSError:
            return None


class StopSignal:
    """True once the process is to stop: after SIGTERM or SIGINT, or when its parent is gone.

    Poll `fileno()` too: a signal makes it readable, so it ends a wait that would otherwise be resumed (PEP 475).
    One a process, made in the main thread.
    """

    def __init__(self) -> None:
        self._signalled = False
        self._parent = ParentWatch()
        self._waking, self._woken = socket.socketpair()
        self._waking.setblocking(False)
        signal.set_wakeup_fd(self._waking.fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def __bool__(self) -> bool:
        return self._signalled or self._parent.is_orphan()

    def fileno(self) -> int:
        return self._woken.fileno()

    def _stop(self, *_args: object) -> None:
        self._signalled = True


def check_supervised(name: str) -> None:
    """Refuses to run outside supervisord, which sets these variables for its children (supervisor/process.py)."""
    if "SUPERVISOR_ENABLED" not in os.environ:
        raise SetupError(f"{name} runs under supervisord. `itermbus up` starts all of it.")
