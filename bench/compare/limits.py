"""What this machine can do at the most: a bare pipe, a bare PTY, a bare echo over a Unix socket."""

import os
import pty
import socket
import subprocess
import sys
import time

_READ_BYTES = 64 * 1024


def pipe_bytes_per_second(size: int, chunk: int) -> float:
    """From a process that writes into a pipe to this one, which reads it and does nothing."""
    script = (
        f"import os, sys\ndata = bytes({chunk}); left = {size}\nwhile left > 0:\n    left -= os.write(1, data[:left])\n"
    )
    return _drain(subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE), size)


def _drain(writer: "subprocess.Popen[bytes]", size: int) -> float:
    assert writer.stdout is not None
    got = 0
    began = 0.0
    while got < size:
        data = os.read(writer.stdout.fileno(), _READ_BYTES)
        began = began or time.perf_counter()
        got += len(data)
    took = time.perf_counter() - began
    writer.wait()
    writer.stdout.close()
    return size / took


def pty_bytes_per_second(size: int) -> float:
    """From a program on a raw PTY to this process, which reads the master and does nothing."""
    script = (
        "import os, sys, tty\n"
        "tty.setraw(1)\n"
        f"data = bytes(b'x' * 65536); left = {size}\n"
        "while left > 0:\n"
        "    left -= os.write(1, data[:left])\n"
    )
    master, slave = pty.openpty()
    writer = subprocess.Popen([sys.executable, "-c", script], stdout=slave, stdin=slave)
    os.close(slave)
    got = 0
    began = 0.0
    while got < size:
        got += len(os.read(master, _READ_BYTES))
        began = began or time.perf_counter()
    took = time.perf_counter() - began
    writer.wait()
    os.close(master)
    return size / took


def echo_seconds(count: int) -> list[float]:
    """There and back over a Unix socket, to a process that does nothing else."""
    near, far = socket.socketpair()
    child = os.fork()
    if child == 0:
        near.close()
        while data := far.recv(100):
            far.sendall(data)
        os._exit(0)
    far.close()
    took = []
    for _ in range(count):
        began = time.perf_counter()
        near.sendall(b"~")
        near.recv(100)
        took.append(time.perf_counter() - began)
    near.close()
    os.waitpid(child, 0)
    return took
