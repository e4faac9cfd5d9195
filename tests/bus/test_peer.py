import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bus import peer
from tests.support import temporary_home, wait_until


def test_a_listener_is_private_and_knows_its_peers_user(tmp_path: Path) -> None:
    with temporary_home() as home:
        listener = peer.listen(home / "s", 4)
        assert (home / "s").stat().st_mode & 0o777 == 0o600
        assert peer.accept(listener) is None
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.connect(str(home / "s"))
            connection = wait_until(lambda: peer.accept(listener), "the connection")
            assert peer.peer_uid(connection) == os.geteuid()
            assert peer.is_same_user(connection)
            connection.close()
        with pytest.raises(OSError, match="in use"):
            peer.listen(home / "s", 4)
        listener.close()


def test_the_peer_s_process_is_known() -> None:
    with temporary_home() as home:
        listener = peer.listen(home / "s", 4)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.connect(str(home / "s"))
            connection = peer.accept(listener)
            assert connection is not None
            assert peer.peer_pid(connection) == os.getpid()
            connection.close()
        listener.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_is_turned_away() -> None:
    """The folder and the file are opened to everybody here, so that only the check of the peer is left."""
    with temporary_home() as home:
        home.chmod(0o755)
        listener = peer.listen(home / "s", 4)
        (home / "s").chmod(0o666)
        script = "import os, socket, sys; os.setuid(65534); s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); "
        script += "print('connected', flush=True); print(s.recv(10))"
        stranger = subprocess.Popen([sys.executable, "-c", script, str(home / "s")], stdout=subprocess.PIPE)
        assert stranger.stdout is not None
        assert stranger.stdout.readline() == b"connected\n"
        assert peer.accept(listener) is None
        assert stranger.stdout.readline() == b"b''\n", "closed at once"
        assert stranger.wait(10) == 0
        stranger.stdout.close()
        listener.close()
