"""Starting and ending programs on real PTYs."""

import contextlib
import logging
import os
import resource
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_log = logging.getLogger(__name__)
_TRAMPOLINE = str(Path(__file__).with_name("trampoline.py"))
#: The same number on Linux and macOS; the termios module does not know it.
_IUTF8 = 0x4000
#: The limit that programs get: the one the host was started with, before it raises its own.
_DESCRIPTOR_LIMIT = str(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
#: How often is looked whether processes have ended.
_END_POLL = 0.02
#: Signals sent to a program that has to go, and how long each is given.
_END_STEPS = ((signal.SIGHUP, 1.0), (signal.SIGTERM, 1.0), (signal.SIGKILL, 2.0))


@dataclass(slots=True)
class Program:
    """A program on its PTY. `master` belongs to the byte thread once that serves it."""

    process: "subprocess.Popen[bytes]"
    master: int
    pid_fd: int | None
    tty: str

    @property
    def pid(self) -> int:
        """The root process of the session."""
        return self.process.pid


@dataclass(frozen=True, slots=True)
class Launch:
    """What to start and where."""

    #: File, or name to look up, and argv[0] (a dash in front makes a login shell).
    program: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    folder: str
    columns: int
    rows: int


def start_program(launch: Launch) -> Program:
    """Starts a program in a session of its own, its terminal the controlling one.

    Raises OSError when the system has no PTY or process left. That the program itself cannot be executed shows in the
    terminal, as in iTerm2.
    """
    master, slave = os.openpty()
    try:
        _prepare(slave, launch.columns, launch.rows)
        tty = os.ttyname(slave)
        folder = launch.folder if os.access(launch.folder, os.X_OK) else "/"
        process = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-S",
                _TRAMPOLINE,
                _DESCRIPTOR_LIMIT,
                launch.argv[0],
                launch.program,
                *launch.argv[1:],
            ],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            close_fds=True,
            cwd=folder,
            env=dict(launch.environment),
        )
    except BaseException:  # whatever it is goes on; nobody else knows of the descriptor
        os.close(master)
        raise
    finally:
        os.close(slave)
    os.set_blocking(master, False)
    return Program(process, master, _pid_fd(process.pid), tty)


def _prepare(slave: int, columns: int, rows: int) -> None:
    """Size and line discipline as iTerm2 sets them: UTF-8 aware, erase is DEL."""
    termios.tcsetwinsize(slave, (rows, columns))
    attributes = termios.tcgetattr(slave)
    attributes[0] |= _IUTF8
    attributes[6][termios.VERASE] = b"\x7f"
    termios.tcsetattr(slave, termios.TCSANOW, attributes)


def _pid_fd(pid: int) -> int | None:
    """A descriptor that becomes readable at the process' end, where the system has such a thing (Linux)."""
    if sys.platform != "linux":
        return None
    try:
        return os.pidfd_open(pid)
    except OSError as error:
        _log.warning("no pidfd for a session's program: %s", error.strerror)
        return None


def set_size(master: int, columns: int, rows: int) -> None:
    """Changes the terminal's size; the kernel sends SIGWINCH to the foreground group."""
    with contextlib.suppress(OSError):  # the program may have ended this moment
        termios.tcsetwinsize(master, (rows, columns))


def hang_up(program: Program) -> None:
    """Tells the program that its terminal is gone."""
    if program.process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            program.process.send_signal(signal.SIGHUP)


def end_all(programs: Sequence[Program]) -> None:
    """Ends programs and the jobs they left in the background: HUP, TERM, KILL, each with a time limit.

    Blocks until they are gone. Only what made a session of its own (setsid) lives on, as a daemon does anywhere.
    """
    sessions = {program.pid for program in programs}
    for number, seconds in _END_STEPS:
        for pid in _members(sessions):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while (left := _members(sessions, programs)) and time.monotonic() < deadline:
            time.sleep(_END_POLL)
        if not left:
            return
    _log.error("processes %s do not end", left)


def _members(sessions: set[int], programs: Sequence[Program] = ()) -> list[int]:
    """The processes that still run in these sessions; `programs` are reaped on the way."""
    for program in programs:
        program.process.poll()
    found = []
    for process in psutil.process_iter() if sessions else ():
        with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
            if os.getsid(process.pid) in sessions and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found
