"""The ring and its file: what it holds, what a kill leaves, what damage does."""

import fcntl
import os
import signal
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bus import ring as ring_module
from bus.ring import HEADER_BYTES, NOTE_BYTES, PipeEnded, Ring, waiting
from bus.ring_file import RingBusy, RingUnusable, head_of, open_ring

fixture_is_not_reset = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


class Pipe:
    """A pipe like a coprocess's: the reader's end does not block."""

    def __init__(self) -> None:
        self.out, self.into = os.pipe()
        os.set_blocking(self.out, False)

    def write(self, data: bytes) -> None:
        assert os.write(self.into, data) == len(data)

    def close(self) -> None:
        os.close(self.out)
        os.close(self.into)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.close()


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "r.ring")


def _new(path: str, capacity: int = 1000, epoch: str = "e1") -> Ring:
    Path(path).unlink(missing_ok=True)
    ring = open_ring(path, capacity)
    ring.restart(epoch)
    return ring


def _pour(ring: Ring, pipe: Pipe, data: bytes) -> None:
    while data:
        part, data = data[:60_000], data[60_000:]
        pipe.write(part)
        while size := waiting(pipe.out):
            ring.fill(pipe.out, size)


# --- what it holds ---


@fixture_is_not_reset
@given(st.integers(1, 90), st.lists(st.binary(max_size=80), max_size=10), st.integers(0, 500), st.integers(0, 100))
def test_it_holds_the_last_bytes_of_the_stream(
    path: str, pipe: Pipe, capacity: int, writes: list[bytes], offset: int, size: int
) -> None:
    ring = _new(path, capacity)
    for data in writes:
        _pour(ring, pipe, data)
    stream = b"".join(writes)
    assert (ring.head, ring.tail) == (len(stream), max(0, len(stream) - capacity))
    begin, got = ring.read(offset, size)
    assert begin == min(max(offset, ring.tail), len(stream))
    assert got == stream[begin : begin + size]
    ring.close()


def test_a_new_epoch_holds_nothing_of_the_old_one(path: str, pipe: Pipe) -> None:
    ring = _new(path, 10)
    _pour(ring, pipe, b"0123456789abc")
    ring.set_size(80, 25)
    ring.note(b"n")
    ring.stopped = True
    ring.restart("e2")
    assert (ring.epoch, ring.head, ring.tail, ring.read(0, 10)) == ("e2", 0, 0, (0, b""))
    assert (ring.sized_at, ring.noted(), ring.stopped) == (0, b"", False)
    ring.close()


def test_a_new_epoch_may_have_another_size(path: str, pipe: Pipe) -> None:
    ring = _new(path, 10)
    ring.restart("e2", 5000)
    _pour(ring, pipe, b"x" * 4000)
    assert ring.read(0, 5000) == (0, b"x" * 4000)
    ring.close()
    assert Path(path).stat().st_size == HEADER_BYTES + 5000


def test_it_is_the_same_for_the_next_process(path: str, pipe: Pipe) -> None:
    ring = _new(path)
    _pour(ring, pipe, b"abc")
    ring.set_size(80, 25)
    ring.note(b"remember")
    ring.close()
    ring = open_ring(path, 77)
    assert (ring.epoch, ring.damage, ring.capacity, ring.head) == ("e1", "", 1000, 3)
    assert (ring.read(0, 9), ring.noted()) == ((0, b"abc"), b"remember")
    ring.close()


def test_the_end_of_the_pipe_is_told_once_everything_was_read(path: str) -> None:
    pipe = Pipe()
    ring = _new(path)
    pipe.write(b"last")
    os.close(pipe.into)
    assert ring.fill(pipe.out, waiting(pipe.out)) == 4
    with pytest.raises(PipeEnded):
        ring.fill(pipe.out, 1)
    assert ring.read(0, 9) == (0, b"last")
    ring.close()
    os.close(pipe.out)


def test_a_size_is_stamped_when_it_is_another(path: str, pipe: Pipe) -> None:
    ring = _new(path)
    _pour(ring, pipe, b"abc")
    assert ring.set_size(80, 25)
    _pour(ring, pipe, b"def")
    assert not ring.set_size(80, 25)
    assert ring.sized_at == 3
    assert ring.set_size(81, 25)
    assert ring.sized_at == 6
    ring.close()


def test_a_note_that_was_cut_off_leaves_the_one_before(path: str) -> None:
    ring = _new(path)
    for number in range(5):
        ring.note(b"%d" % number * NOTE_BYTES)
        assert ring.noted() == b"%d" % number * NOTE_BYTES
    ring.close()
    data = bytearray(Path(path).read_bytes())
    # The newest one, number 5, is in the second place.
    data[2560 + 16] ^= 1
    Path(path).write_bytes(data)
    ring = open_ring(path, 1000)
    assert ring.noted() == b"3" * NOTE_BYTES
    ring.close()


def test_a_reader_that_is_overtaken_gets_no_wrong_byte(path: str, pipe: Pipe) -> None:
    """Another process copies the oldest bytes out of the ring while they are being overwritten."""
    ring = _new(path, 1 << 16)
    reader = os.fork()
    if reader == 0:
        wrong = 0
        while ring.head < 30_000_000 and not wrong:
            begin, data = ring.read(ring.tail, 1 << 14)
            wrong += data != _run(begin, len(data))
        os._exit(wrong)
    while (head := ring.head) < 30_000_000:
        pipe.write(_run(head, 16_000))
        ring.fill(pipe.out, waiting(pipe.out))
    assert os.waitstatus_to_exitcode(os.waitpid(reader, 0)[1]) == 0
    ring.close()


def _run(start: int, size: int) -> bytes:
    """Bytes of a stream that changes every 64 bytes."""
    first = start // 64
    cells = b"".join(bytes([cell % 251]) * 64 for cell in range(first, first + size // 64 + 2))
    skip = start - first * 64
    return cells[skip : skip + size]


# --- a reader that is killed ---


def _killed_at(path: str, pipe: Pipe, budget: int) -> bool:
    """Reads all that waits in a process that is killed before its instruction number `budget`. False: not reached."""
    child = os.fork()
    if child == 0:
        left = budget

        def trace(frame: FrameType, event: str, _argument: Any) -> Callable[..., Any] | None:
            nonlocal left
            if frame.f_code.co_filename != ring_module.__file__:
                return None
            frame.f_trace_opcodes = True
            if event == "opcode":
                left -= 1
                if left <= 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        try:
            ring = open_ring(path, 1000)
            size = waiting(pipe.out)
            sys.settrace(trace)
            ring.fill(pipe.out, size)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("more_comes", [False, True])
@pytest.mark.parametrize(("before", "size"), [(0, 1), (0, 200), (0, 20), (300, 700), (900, 33), (2950, 100), (2998, 7)])
def test_a_kill_at_any_instruction_loses_no_byte(path: str, before: int, size: int, more_comes: bool) -> None:
    """Not one is missing, doubled or moved, and the epoch goes on: text, as its bytes never look like a sentinel."""
    stream = bytes(32 + i % 90 for i in range(before + size))
    killed = 0
    # Every third instruction; which third differs between the cases, which take the same way through the code.
    for budget in count(1 + (size + more_comes) % 3, 3):
        pipe = Pipe()
        ring = _new(path)
        _pour(ring, pipe, stream[:before])
        ring.close()
        pipe.write(stream[before:])
        if not _killed_at(path, pipe, budget):
            pipe.close()
            break
        killed += 1
        expected = stream
        if more_comes:
            pipe.write(b"more")
            expected += b"more"
        ring = open_ring(path, 1000)
        assert (ring.damage, ring.epoch) == ("", "e1")
        assert ring.settle(pipe.out)
        assert ring.read(ring.tail, 2000) == (ring.tail, stream[ring.tail : ring.head])
        while rest := waiting(pipe.out):
            ring.fill(pipe.out, rest)
        assert ring.head == len(expected)
        tail = ring.tail
        assert tail <= max(0, len(expected) - 1000 + size)
        assert ring.read(tail, 2000) == (tail, expected[tail:])
        ring.close()
        pipe.close()
    assert killed > 50


def test_a_read_that_was_cut_in_the_middle_is_damage(path: str, pipe: Pipe) -> None:
    """One end of the region is new, the other is not: nobody can say which bytes the kernel gave."""
    for new_end in (0, 184):
        ring = _new(path)
        pipe.write(b"x" * 200)
        _announce(ring, 200)
        ring._bytes[new_end : new_end + 16] = b"n" * 16
        assert not ring.settle(pipe.out)
        assert ring.damage
        ring.restart("e2")
        assert ring.mended
        ring.close()
        assert os.read(pipe.out, 200)


def test_what_no_longer_waits_was_read(path: str, pipe: Pipe) -> None:
    """The second witness: binary output may look like a sentinel, but it has left the pipe."""
    ring = _new(path)
    _announce(ring, 3)
    assert ring.settle(pipe.out)
    assert ring.head == 3
    ring.close()


def _announce(ring: Ring, size: int) -> None:
    """A read that is announced and not carried out: the pipe that it reads from says that nothing waits."""
    empty = Pipe()

    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    ring._take_back = die  # type: ignore[method-assign]
    with pytest.raises(Killed):
        ring.fill(empty.out, size)
    del ring._take_back  # type: ignore[method-assign]
    empty.close()


# --- the file ---


def test_it_is_private_and_has_one_holder(path: str) -> None:
    ring = _new(path)
    assert Path(path).stat().st_mode & 0o777 == 0o600
    with pytest.raises(RingBusy):
        open_ring(path, 1000)
    ring.close()
    open_ring(path, 1000).close()


def test_its_room_is_really_there(path: str) -> None:
    ring = _new(path, 1 << 20)
    assert Path(path).stat().st_blocks * 512 >= 1 << 20
    ring.close()


def test_others_may_not_read_it(path: str) -> None:
    _new(path).close()
    Path(path).chmod(0o640)
    with pytest.raises(RingUnusable, match="others can read"):
        open_ring(path, 1000)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_is_refused(path: str) -> None:
    _new(path).close()
    os.chown(path, 12345, -1)
    with pytest.raises(RingUnusable, match="belongs to user 12345"):
        open_ring(path, 1000)


@pytest.mark.parametrize("kind", ["link", "folder", "fifo"])
def test_what_is_no_file_is_refused(path: str, kind: str) -> None:
    if kind == "link":
        Path(path + ".target").write_bytes(b"precious")
        Path(path).symlink_to(path + ".target")
    elif kind == "folder":
        Path(path).mkdir()
    else:
        os.mkfifo(path, 0o600)
    with pytest.raises(RingUnusable):
        open_ring(path, 1000)
    if kind == "link":
        assert Path(path + ".target").read_bytes() == b"precious"


def test_one_that_is_removed_while_it_is_locked_is_made_again(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = fcntl.flock

    def flock(descriptor: int, operation: int) -> None:
        if not removed:
            removed.append(path)
            Path(path).unlink()
        real(descriptor, operation)

    removed: list[str] = []
    monkeypatch.setattr(fcntl, "flock", flock)
    ring = open_ring(path, 1000)
    ring.restart("e1")
    assert head_of(path) == 0
    ring.close()


def test_the_head_can_be_looked_at_without_the_lock(path: str, pipe: Pipe) -> None:
    assert head_of(path) == -1
    ring = _new(path)
    _pour(ring, pipe, b"12345")
    assert head_of(path) == 5
    ring.close()


_WORDS = range(14)


@fixture_is_not_reset
@given(word=st.sampled_from(_WORDS), value=st.integers(0, 2**64 - 1))
def test_a_header_that_was_changed_is_damage_or_changes_nothing(path: str, pipe: Pipe, word: int, value: int) -> None:
    ring = _new(path)
    _pour(ring, pipe, b"0123456789" * 150)
    before = ring.head, ring.tail, ring.read(0, 2000)
    ring.close()
    data = bytearray(Path(path).read_bytes())
    data[word * 8 : word * 8 + 8] = value.to_bytes(8, sys.byteorder)
    Path(path).write_bytes(data)
    ring = open_ring(path, 1000)
    if ring.epoch:
        assert (ring.head, ring.read(0, 2000)[1]) == (before[0], before[2][1][-(before[0] - ring.tail) :])
        assert ring.tail >= before[1]
    else:
        assert ring.damage or word == 0
    ring.restart("e2")
    _pour(ring, pipe, b"goes on")
    assert ring.read(0, 10) == (0, b"goes on")
    ring.close()


@fixture_is_not_reset
@given(st.binary(max_size=6000))
def test_any_file_at_all_becomes_a_ring(path: str, pipe: Pipe, content: bytes) -> None:
    Path(path).write_bytes(content)
    Path(path).chmod(0o600)
    ring = open_ring(path, 1000)
    assert ring.epoch == ""
    ring.restart("e1", 1000)
    _pour(ring, pipe, b"abc")
    assert ring.read(0, 10) == (0, b"abc")
    ring.close()
