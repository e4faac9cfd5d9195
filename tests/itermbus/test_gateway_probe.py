"""What counts as a gateway that answers, against real sockets."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from itermbus.gateway_probe import Answer, ask


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
        ([b'{"type":"sessions","sessions":[]}\n'], Answer(True)),
        ([b'{"type":"sess', b'ions","sessions":[]}\n{"type":'], Answer(True)),
        ([b'{"type":"error","message":"no iTerm2"}\n'], Answer(False, "no iTerm2")),
        ([b'{"type":"other"}\n'], None),
        ([b"SSH-2.0-something\n"], None),
        ([b"[1]\n"], None),
        ([b"\xff\xfe\n"], None),
        ([], None),
    ],
)
def test_the_first_line_decides(tmp_path: Path, pieces: list[bytes], expected: Answer | None) -> None:
    path = tmp_path / "s"
    with server(path, pieces):
        assert ask(path, 0.5) == expected


def test_nobody_there(tmp_path: Path) -> None:
    assert not ask(tmp_path / "s", 0.5)


def test_a_line_without_end(tmp_path: Path) -> None:
    path = tmp_path / "s"
    began = time.monotonic()
    with server(path, [b"x" * 65536, b"x" * 1024]):
        assert not ask(path, 5)
    assert time.monotonic() - began < 5
