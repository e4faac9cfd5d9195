"""What counts as a gateway that answers, against real sockets."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from itermbus import gateway_probe


@contextmanager
def server(path: Path, pieces: list[bytes]) -> Iterator[None]:
    """Accepts one connection, sends the pieces and keeps it open, until the peer closes."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                for piece in pieces:
                    connection.sendall(piece)
                connection.recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join(10)
        assert not thread.is_alive()


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([b'{"type":"sessions","sessions":[]}\n'], True),
        ([b'{"type":"sess', b'ions","sessions":[]}\n{"type":'], True),
        ([b'{"type":"error","message":"no"}\n'], False),
        ([b"SSH-2.0-something\n"], False),
        ([b"[1]\n"], False),
        ([b"\xff\xfe\n"], False),
        ([], False),
    ],
)
def test_the_first_line_decides(tmp_path: Path, pieces: list[bytes], expected: bool) -> None:
    path = tmp_path / "s"
    with server(path, pieces):
        assert gateway_probe.answers(path, 0.5) is expected


def test_nobody_there(tmp_path: Path) -> None:
    assert not gateway_probe.answers(tmp_path / "s", 0.5)


def test_a_line_without_end(tmp_path: Path) -> None:
    path = tmp_path / "s"
    began = time.monotonic()
    with server(path, [b"x" * 65536, b"x" * 1024]):
        assert not gateway_probe.answers(path, 5)
    assert time.monotonic() - began < 5
