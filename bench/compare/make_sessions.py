"""Makes sessions in the host of this home folder, as a user of iTerm2 has them before itermbus starts.

    make_sessions.py COUNT COMMAND

In COMMAND, `{}` stands for the session's number. Standard output says when all are made.
"""

import asyncio
import json
import os
import socket
import sys
import time
from pathlib import Path

import iterm2

from bus.paths import Paths

_START_SECONDS = 30.0


def _cookie(control: Path) -> str:
    """Waits for the host, too."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(control))
                connection.sendall(b'{"request": "cookie"}\n')
                return str(json.loads(connection.makefile().readline())["cookie"])
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


async def _make(count: int, command: str) -> None:
    connection = await iterm2.Connection.async_create()
    # Without this the package cannot tell of what it makes.
    await iterm2.async_get_app(connection)
    window = await iterm2.Window.async_create(connection, command=command.format(0))
    if window is None:
        raise RuntimeError("the host made no window")
    for number in range(1, count):
        await window.async_create_tab(command=command.format(number))
    print("made", flush=True)
    # The package would print a traceback about a connection that is closed before its own task has ended.
    os._exit(0)


def main() -> None:
    count, command = int(sys.argv[1]), sys.argv[2]
    os.environ["ITERM2_COOKIE"] = _cookie(Paths.of_home().headless_socket)
    asyncio.run(_make(count, command))


if __name__ == "__main__":
    main()
