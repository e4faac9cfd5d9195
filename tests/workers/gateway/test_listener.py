import socket

import pytest

from bus.errors import SetupError
from tests.support import temporary_home
from workers.gateway.listener import Listener


def test_a_second_gateway_says_so_and_takes_nothing_away() -> None:
    with temporary_home() as home:
        path = home / "gateway.sock"
        first = Listener(path)
        with pytest.raises(SetupError, match="another gateway listens"):
            Listener(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.connect(str(path))
        first.close()
        assert not path.exists()


def test_a_socket_that_a_power_cut_left_is_replaced() -> None:
    with temporary_home() as home:
        path = home / "gateway.sock"
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stale:
            stale.bind(str(path))
        second = Listener(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.connect(str(path))
        assert path.stat().st_mode & 0o777 == 0o600
        second.close()
