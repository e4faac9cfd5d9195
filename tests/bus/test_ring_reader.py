"""A ring read by another than its writer: right bytes or none, whatever the writer does meanwhile."""

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bus.limits import FRAME_BYTES
from bus.ring import Ring
from bus.ring_file import open_ring
from bus.ring_reader import RingReader
from tests.support import wait_until

CAPACITY = 300_000


class Writing:
    """A ring, its writer's pipe, and a reader of the file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "r.ring"
        self.ring = open_ring(str(self.path), CAPACITY)
        self.ring.restart("e1")
        self.out, self.into = os.pipe()
        self.reader = RingReader(str(self.path))

    def write(self, data: bytes, ring: Ring | None = None) -> None:
        for start in range(0, len(data), 50_000):
            piece = data[start : start + 50_000]
            os.write(self.into, piece)
            assert (ring or self.ring).fill(self.out, len(piece)) == len(piece)

    def close(self) -> None:
        self.reader.close()
        self.ring.close()
        os.close(self.out)
        os.close(self.into)


@pytest.fixture
def writing(tmp_path: Path) -> Iterator[Writing]:
    made = Writing(tmp_path)
    yield made
    made.close()


def test_what_was_written_is_read_across_the_wrap(writing: Writing) -> None:
    data = os.urandom(700_000)
    place = 0
    for end in range(100_000, len(data) + 1, 100_000):
        writing.write(data[place:end])
        assert writing.reader.read("e1", place, end - place) == data[place:end]
        place = end


def test_what_may_be_overwritten_is_not_given(writing: Writing) -> None:
    writing.write(bytes(CAPACITY))
    assert writing.reader.read("e1", 0, 10) is None
    assert writing.reader.read("e1", FRAME_BYTES - 1, 10) is None
    assert writing.reader.read("e1", FRAME_BYTES, 10) == bytes(10)


def test_another_epoch_is_not_given_and_found_when_it_is_asked_for(writing: Writing) -> None:
    writing.write(b"old")
    assert writing.reader.read("e1", 0, 3) == b"old"
    writing.ring.restart("e2", 2 * CAPACITY)
    writing.write(b"new")
    assert writing.reader.read("e1", 0, 3) is None
    assert writing.reader.read("e2", 0, 3) == b"new"


def test_a_shortened_or_missing_or_foreign_file_gives_nothing(writing: Writing, tmp_path: Path) -> None:
    writing.write(b"text")
    assert writing.reader.read("e1", 0, 4) == b"text"
    writing.path.unlink()
    assert RingReader(str(writing.path)).read("e1", 0, 4) is None
    other = tmp_path / "other.ring"
    other.write_bytes(bytes(100_000))
    other.chmod(0o600)
    assert RingReader(str(other)).read("e1", 0, 4) is None
    other.chmod(0o644)
    assert RingReader(str(other)).read("", 0, 4) is None
    os.truncate(writing.ring._descriptor, 10)
    assert writing.reader.read("e1", 0, 4) is None
    os.truncate(writing.ring._descriptor, 4096 + CAPACITY)


_WRITER = """
import os, sys
from bus.ring_file import open_ring
ring = open_ring(sys.argv[1], 1)
out, into = os.pipe()
word = ring.head // 8
while True:
    data = b"".join((word + n).to_bytes(8, "big") for n in range(6000))
    os.write(into, data)
    ring.fill(out, len(data))
    word += 6000
    os.write(1, b".")
"""


def test_beside_a_writer_at_full_speed_every_byte_is_right_or_none_is_given(writing: Writing) -> None:
    """Byte n of the stream tells n, so bytes of another place would show."""
    writing.ring._unmap()
    descriptor = writing.ring._descriptor
    os.close(descriptor)
    with subprocess.Popen(
        [sys.executable, "-P", "-c", _WRITER, str(writing.path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    ) as writer:
        assert writer.stdout is not None
        os.set_blocking(writer.stdout.fileno(), False)
        written = right = lost = 0

        def both_have_happened() -> bool:
            nonlocal written, right, lost
            written += len(os.read(writer.stdout.fileno(), 100_000) if _has_output(writer) else b"")
            # From safe to overwritten, and all that is between.
            for back in range(1, 8):
                offset = (written - back) * 48_000
                data = writing.reader.read("e1", offset, 48_000) if offset >= 0 else None
                if data is None:
                    lost += 1
                else:
                    first = offset // 8
                    assert data == b"".join((first + n).to_bytes(8, "big") for n in range(6000))
                    right += 1
            return right > 300 and lost > 300

        try:
            wait_until(both_have_happened, "bytes that were given, and bytes that were not")
        finally:
            writer.kill()
    writing.ring = open_ring(str(writing.path), CAPACITY)


def _has_output(process: "subprocess.Popen[bytes]") -> bool:
    return bool(select.select([process.stdout], [], [], 0)[0])
