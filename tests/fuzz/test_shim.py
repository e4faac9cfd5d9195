"""A worker that answers garbage: the shim types nothing, prints nothing, and finds the true worker in the end."""

import os
import random
import socket

from tests.coprocess.test_shim import SESSION, Shim, home, shim  # noqa: F401
from tests.support import wait_until

_ANSWERS = [
    b"",
    b"o",
    b"ok",
    b"ok 1a2b\n" * 3,
    b"no\n",
    b"\x00",
    b"\xff" * 5000,
    b"stopped\n",
    b"ok 1a2b\nstopped\n",
    b"ok \n",
    b"ok " + b"a" * 33 + b"\n",
    b"ok ../a\n",
    b"end",
    b"OK\n",
]


def _serve_once(listener: socket.socket, answer: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(10)
        message, descriptors, _flags, _address = socket.recv_fds(connection, 128, 8)
        assert message.startswith(b"attach 1 %s " % SESSION.encode())
        assert len(descriptors) == 2
        for number in descriptors:
            os.close(number)
        try:
            connection.sendall(answer)
        except OSError:
            return  # it has seen enough


def test_whatever_a_worker_answers(shim: Shim) -> None:  # noqa: F811
    generator = random.Random(3)
    answers = _ANSWERS + [generator.randbytes(generator.randrange(12)) for _ in range(3)]
    with shim.listen() as listener:
        for answer in answers:
            # What begins with this is the true worker's word that the pipe has ended.
            _serve_once(listener, answer.replace(b"end\n", b"dne\n"))
        assert shim.process.poll() is None
        connection, _ = listener.accept()
        with connection:
            _message, descriptors, _flags, _address = socket.recv_fds(connection, 128, 8)
            connection.sendall(b"ok 1a2b\n")
            os.write(shim.output, b"what the session prints")
            assert os.read(descriptors[0], 100) == b"what the session prints", "it read nothing itself"
            for number in descriptors:
                os.close(number)
            connection.sendall(b"end\n")
        wait_until(lambda: shim.process.poll() == 0, "the shim to go with its pipe")
    os.set_blocking(shim.typed, False)
    assert os.read(shim.typed, 100) == b"", "nothing was typed into the session"
