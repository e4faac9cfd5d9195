import socket
from collections.abc import Iterator

import pytest

from workers.gateway.connection import Connection


@pytest.fixture
def pair() -> Iterator[tuple[Connection, socket.socket]]:
    ours, theirs = socket.socketpair()
    connection = Connection(ours, 1, queue_bytes=1_000_000)
    theirs.settimeout(10)
    yield connection, theirs
    connection.release()
    theirs.close()


def _read_all(connection: Connection, theirs: socket.socket) -> bytes:
    got = b""
    while connection.wants_to_write:
        connection.flush()
        got += theirs.recv(1 << 20)
    return got


def test_lines_arrive_in_order_and_whole(pair: tuple[Connection, socket.socket]) -> None:
    connection, theirs = pair
    lines = [b"%06d %s\n" % (n, b"x" * (n % 700)) for n in range(2000)]
    got = b""
    for start in range(0, 2000, 500):
        assert connection.send_output(lines[start : start + 500])
        got += _read_all(connection, theirs)
    assert got == b"".join(lines)


def test_past_the_bound_output_is_dropped_whole_lines_and_told_after(pair: tuple[Connection, socket.socket]) -> None:
    connection, theirs = pair
    told = []
    connection.on_caught_up = lambda: told.append(True)
    line = b"o" * 99_999 + b"\n"
    connection.send(b"first\n")
    accepted = 0
    while connection.send_output([line]):
        connection.flush()
        accepted += 1
        assert accepted < 1000
    connection.send(b"control\n")
    assert not connection.send_output([line]), "nothing more before it has caught up"
    assert connection.statistics().peak_bytes <= 1_200_000
    assert connection.statistics().dropped_backlogs == 1
    got = _read_all(connection, theirs)
    connection.flush()
    assert told
    assert got.startswith(b"first\n")
    assert got.endswith(b"control\n")
    assert set(got.split(b"\n")) <= {b"first", b"control", line[:-1], b""}
    assert connection.send_output([line])


def test_a_client_for_which_even_control_lines_pile_up_is_closed(pair: tuple[Connection, socket.socket]) -> None:
    connection, _theirs = pair
    sent = 0
    while not connection.closed:
        connection.send(b"c" * 1000)
        sent += 1000
        assert sent < 3_000_000
    assert connection.statistics().queued_bytes == 0


def test_a_client_that_goes_is_noticed_both_ways(pair: tuple[Connection, socket.socket]) -> None:
    connection, theirs = pair
    theirs.sendall(b"whole\nhalf")
    assert connection.receive() == [b"whole"]
    theirs.close()
    connection.receive()
    assert connection.closed
