"""The shim as a process: silent whatever happens, patient, and gone when its pipe is."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bus.limits import RING_BYTES
from bus.paths import CODE, SHIM, Paths, prepare
from bus.ring_file import head_of, open_ring
from tests.support import end, environment, temporary_home, wait_until

SESSION = "1111AAAA-2222-3333-4444-55555555BBBB"


class Shim:
    """A running shim; the test is iTerm2 at its pipes and the worker at its socket."""

    def __init__(self, home: Path, **more: str) -> None:
        self.paths = Paths(home)
        self.attach = self.paths.session(SESSION).attach
        self.ring = self.paths.session(SESSION).ring
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


def _accept(listener: socket.socket, epoch: str | None = None) -> tuple[socket.socket, list[int]]:
    """One hand-over, as the worker sees it; with an `epoch` it has to be one of a pipe that was read from before."""
    connection, _ = listener.accept()
    connection.settimeout(10)
    message, descriptors, _flags, _address = socket.recv_fds(connection, 100, 4)
    match = re.fullmatch(rf"attach 1 {SESSION} (-|[0-9a-z]+)\n", message.decode())
    assert match
    assert epoch is None or match[1] == epoch
    assert len(descriptors) == 2
    return connection, descriptors


def test_it_hands_over_both_pipes(shim: Shim) -> None:
    with shim.listen() as listener:
        connection, [stdin, stdout] = _accept(listener)
    with connection:
        connection.sendall(b"ok e1\n")
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
            connection.sendall(b"ok e1\n")
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
        connection.sendall(b"ok e1\n")
        for descriptor in descriptors:
            os.close(descriptor)
        shim.process.send_signal(signal.SIGTERM)
        assert connection.recv(100) == b"stopped\n"
    assert shim.process.wait(10) == 0


def test_it_goes_when_told_that_the_pipe_has_ended(shim: Shim) -> None:
    with shim.listen() as listener:
        connection, descriptors = _accept(listener)
    with connection:
        connection.sendall(b"ok e1\nend\n")
        for descriptor in descriptors:
            os.close(descriptor)
        assert shim.process.wait(10) == 0


def test_without_a_worker_it_goes_when_iterm2_does(shim: Shim) -> None:
    os.close(shim.typed)
    shim.typed = os.dup(shim.output)
    shim.close_pipe()
    assert shim.process.wait(10) == 0


def test_without_a_worker_it_reads_at_once_into_the_ring(shim: Shim) -> None:
    """iTerm2 would keep without bound what nobody reads."""
    data = os.urandom(8 << 20)
    _write_all(shim.output, data)
    wait_until(lambda: head_of(str(shim.ring)) == len(data), "all to be read")
    with shim.listen() as listener:
        connection, descriptors = _accept(listener)
        ring = open_ring(str(shim.ring), 1)
        assert (ring.damage, ring.tail) == ("", len(data) - RING_BYTES)
        assert ring.read(ring.tail, RING_BYTES)[1] == data[-RING_BYTES:]
        connection.sendall(b"ok %s\n" % ring.epoch.encode())
        ring.close()
        connection.close()
    with shim.listen() as listener:
        again, more = _accept(listener, ring.epoch)
        again.close()
    for descriptor in (*descriptors, *more):
        os.close(descriptor)


def test_a_worker_that_went_is_followed_at_the_same_offset(shim: Shim) -> None:
    """The epoch is the one that the worker named, and the shim goes on in the middle of it."""
    ring = open_ring(str(shim.ring), 100_000)
    ring.restart("e1")
    with shim.listen() as listener:
        connection, [stdin, stdout] = _accept(listener)
    connection.sendall(b"ok e1\n")
    _write_all(shim.output, b"one")
    wait_until(lambda: ring.fill(stdin, 3) == 3, "the worker's part")
    ring.close()
    connection.close()
    _write_all(shim.output, b"two")
    wait_until(lambda: head_of(str(shim.ring)) == 6, "the shim's part")
    with shim.listen() as listener:
        connection, more = _accept(listener, "e1")
    ring = open_ring(str(shim.ring), 1)
    assert (ring.epoch, ring.read(0, 10)) == ("e1", (0, b"onetwo"))
    ring.close()
    connection.close()
    for descriptor in (stdin, stdout, *more):
        os.close(descriptor)


def test_a_stop_while_it_is_alone_is_left_in_the_ring(shim: Shim) -> None:
    _write_all(shim.output, b"x")
    wait_until(lambda: head_of(str(shim.ring)) == 1, "it to read alone")
    end(shim.process)
    ring = open_ring(str(shim.ring), 1)
    assert ring.stopped
    ring.close()


def test_a_ring_that_cannot_be_used_does_not_stop_it(shim: Shim) -> None:
    """Output is thrown away after a while, and the next worker is told that the stream begins anew."""
    shim.ring.unlink(missing_ok=True)
    shim.ring.mkdir()
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
    with shim.listen() as listener:
        connection, descriptors = _accept(listener, "-")
        connection.close()
    for descriptor in descriptors:
        os.close(descriptor)


def test_a_worker_that_hangs_is_killed(home: Path) -> None:
    """It holds the pipe, bytes wait, and the head does not move."""
    script = (
        "import os, socket, sys, time\n"
        "listener = socket.socket(socket.AF_UNIX)\n"
        "listener.bind(sys.argv[1])\n"
        "listener.listen()\n"
        "connection, _ = listener.accept()\n"
        "fds = socket.recv_fds(connection, 100, 4)\n"
        "connection.sendall(b'ok e1\\n')\n"
        "time.sleep(600)\n"
    )
    hung = subprocess.Popen([sys.executable, "-c", script, str(Paths(home).session(SESSION).attach)])
    shim = Shim(home)
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            hung.wait(1)
        _write_all(shim.output, b"something to read")
        assert hung.wait(10) == -signal.SIGKILL
    finally:
        end(hung, signal.SIGKILL)
        shim.close()


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


@pytest.mark.parametrize("value", ["", "w0t0p0:", "w0t0p0:../x", SESSION.lower(), SESSION[:-1], f"{SESSION}-"])
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


def test_it_loads_no_module_that_is_large() -> None:
    program = f"import sys; sys.path.append({str(CODE)!r}); import coprocess.shim; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    assert "coprocess.watch" in done.stdout.split()
    assert not {"enum", "re", "socket", "signal", "typing", "pathlib"} & set(done.stdout.split())
