"""The shim as a process: silent whatever happens, patient, and gone when its pipe is."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bus.paths import SHIM, Paths, prepare
from tests.support import end, environment, temporary_home, wait_until

SESSION = "1111AAAA-2222-3333-4444-55555555BBBB"


class Shim:
    """A running shim; the test is iTerm2 at its pipes and the worker at its socket."""

    def __init__(self, home: Path, **more: str) -> None:
        self.paths = Paths(home)
        self.attach = self.paths.session(SESSION).attach
        stdin, self.output = os.pipe()
        self.typed, stdout = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(SHIM)],
            env=environment(home, **({"ITERM_SESSION_ID": f"w3t2p1:{SESSION}"} | more)),
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
        )
        os.close(stdin)
        os.close(stdout)

    def listen(self) -> socket.socket:
        self.attach.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.settimeout(10)
        listener.bind(str(self.attach))
        listener.listen()
        return listener

    def close_pipe(self) -> None:
        os.close(self.output)
        os.close(self.typed)
        self.output = self.typed = -1

    def close(self) -> None:
        if self.output >= 0:
            self.close_pipe()
        if self.process.poll() is None:
            end(self.process, signal.SIGKILL)
        assert self.process.stderr is not None
        assert self.process.stderr.read() == b"", "a banner in the user's window"
        self.process.stderr.close()


@pytest.fixture
def home() -> Iterator[Path]:
    with temporary_home() as made:
        prepare(Paths(made))
        yield made


@pytest.fixture
def shim(home: Path) -> Iterator[Shim]:
    made = Shim(home)
    yield made
    made.close()


def _accept(listener: socket.socket) -> tuple[socket.socket, list[int]]:
    """One hand-over, as the worker sees it."""
    connection, _ = listener.accept()
    connection.settimeout(10)
    message, descriptors, _flags, _address = socket.recv_fds(connection, 100, 4)
    assert message == f"attach 1 {SESSION}\n".encode()
    assert len(descriptors) == 2
    return connection, descriptors


def test_it_hands_over_both_pipes(shim: Shim) -> None:
    with shim.listen() as listener:
        connection, [stdin, stdout] = _accept(listener)
    with connection:
        connection.sendall(b"ok\n")
        os.write(shim.output, b"out")
        assert os.read(stdin, 10) == b"out"
        os.write(stdout, b"in")
        assert os.read(shim.typed, 10) == b"in"
        for descriptor in (stdin, stdout):
            os.close(descriptor)


def test_it_hands_over_again_and_nothing_in_the_pipe_is_lost(shim: Shim) -> None:
    for round_number in range(3):
        with shim.listen() as listener:
            connection, [stdin, stdout] = _accept(listener)
            os.write(shim.output, b"%d" % round_number)
            assert os.read(stdin, 10) == b"%d" % round_number
            connection.sendall(b"ok\n")
            for descriptor in (stdin, stdout):
                os.close(descriptor)
            connection.close()
        assert shim.process.poll() is None


def test_it_tries_again_when_it_is_refused(shim: Shim) -> None:
    with shim.listen() as listener:
        for _ in range(2):
            connection, descriptors = _accept(listener)
            connection.sendall(b"no\n")
            connection.close()
            for descriptor in descriptors:
                os.close(descriptor)
    assert shim.process.poll() is None


def test_it_says_that_it_was_stopped(shim: Shim) -> None:
    with shim.listen() as listener:
        connection, descriptors = _accept(listener)
    with connection:
        connection.sendall(b"ok\n")
        for descriptor in descriptors:
            os.close(descriptor)
        shim.process.send_signal(signal.SIGTERM)
        assert connection.recv(100) == b"stopped\n"
    assert shim.process.wait(10) == 0


def test_it_goes_when_told_that_the_pipe_has_ended(shim: Shim) -> None:
    with shim.listen() as listener:
        connection, descriptors = _accept(listener)
    with connection:
        connection.sendall(b"ok\nend\n")
        for descriptor in descriptors:
            os.close(descriptor)
        assert shim.process.wait(10) == 0


def test_without_a_worker_it_goes_when_iterm2_does(shim: Shim) -> None:
    os.close(shim.typed)
    shim.typed = os.dup(shim.output)
    shim.close_pipe()
    assert shim.process.wait(10) == 0


def test_without_a_worker_for_long_it_reads_and_drops(shim: Shim) -> None:
    """iTerm2 would keep without bound what nobody reads."""
    os.set_blocking(shim.output, False)
    written = 0

    def write() -> bool:
        nonlocal written
        try:
            written += os.write(shim.output, bytes(65536))
        except BlockingIOError:
            return False
        return written > 8 << 20

    wait_until(write, "8 MiB to go into a pipe that has no reader", seconds=40)


@pytest.mark.parametrize("value", ["", "w0t0p0:", "w0t0p0:../x", SESSION.lower()])
def test_without_a_session_id_it_goes_silently(home: Path, value: str) -> None:
    shim = Shim(home, ITERM_SESSION_ID=value)
    assert shim.process.wait(10) == 1
    shim.close()


def test_the_other_variable_will_do(home: Path) -> None:
    shim = Shim(home, ITERM_SESSION_ID="", TERM_SESSION_ID=f"w0t0p0:{SESSION}")
    with shim.listen() as listener:
        connection, descriptors = _accept(listener)
        connection.close()
    for descriptor in descriptors:
        os.close(descriptor)
    shim.close()
