"""The host's side of the emulator process: starts it, feeds it through the byte thread, hears from it."""

import asyncio
import itertools
import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from headless.emulator.wire import Kind, Question, Reader, question
from headless.errors import ScreensUnavailable
from headless.screen_feed import ScreenFeed
from headless.task_notifier import TaskNotifier

_log = logging.getLogger(__name__)
#: A host started without its working folder on the module path must not find other modules there now.
_SAME_PATH = ("-P",) if sys.flags.safe_path else ()
_READ_SIZE = 256 * 1024
#: The kernel buffer in front of the emulator; small, so that one busy session does not delay the others' answers much.
_SEND_BUFFER = 128 * 1024
#: Seconds before the process is started again; doubled while it keeps dying young.
_FIRST_DELAY = 0.1
_LONGEST_DELAY = 10.0
_YOUNG_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class ScreenSize:
    """What the emulator needs to know about a session."""

    columns: int
    rows: int
    scrollback: int
    colors: Mapping[str, tuple[int, int, int]]


class Screens:
    """All sessions' screens. Main thread only.

    A new process replaces one that died: screens are empty then, the host stays up and the log says so.
    """

    def __init__(
        self,
        notifier: TaskNotifier,
        on_news: Callable[[int, dict[str, Any]], None],
        on_changed: Callable[[int], None],
    ) -> None:
        """`on_news` gets a session's number and what happened in it, `on_changed` the number of a changed screen."""
        self._notifier = notifier
        self._on_news = on_news
        self._on_changed = on_changed
        self.feed = ScreenFeed(notifier)
        self._requests = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[bytes]] = {}
        self._sizes: dict[int, ScreenSize] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None
        self._reader = Reader()
        self._stopped = False
        self._delay = _FIRST_DELAY
        self._started = 0.0
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        """The emulator process."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Starts the process and opens the screens that should be there."""
        if self._stopped:
            return
        self._started = time.monotonic()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, *_SAME_PATH, "-m", "headless.emulator", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )
        self._connection = ours
        self._reader = Reader()
        feed_end = ours.dup()
        self._notifier.post(lambda: self.feed.connect(feed_end))
        for number, size in self._sizes.items():
            self._open(number, size)
        asyncio.get_running_loop().add_reader(ours.fileno(), self._receive)

    def stop(self) -> None:
        """Ends the process."""
        self._stopped = True
        self._disconnect()

    def kill(self) -> None:
        """Kills the process, as a fault; it is replaced like one that died by itself."""
        if self._process is not None:
            self._process.kill()

    def _disconnect(self) -> None:
        connection, process = self._connection, self._process
        self._connection = self._process = None
        if connection is not None:
            asyncio.get_running_loop().remove_reader(connection.fileno())
            connection.close()
            self._notifier.call(self.feed.disconnect)
        if process is not None:
            process.terminate()
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            if not future.done():
                future.set_exception(ScreensUnavailable("the terminal emulator was restarted"))

    # What sessions need.

    def open(self, number: int, size: ScreenSize) -> None:
        """Makes a screen for a session."""
        self._sizes[number] = size
        self._open(number, size)

    def _open(self, number: int, size: ScreenSize) -> None:
        self._command(
            Kind.OPEN,
            number,
            {
                "columns": size.columns,
                "rows": size.rows,
                "scrollback": size.scrollback,
                "colors": {name: list(color) for name, color in size.colors.items()},
            },
        )

    def resize(self, number: int, columns: int, rows: int) -> None:
        """Gives a session's screen a new size, after the output so far."""
        old = self._sizes[number]
        self._sizes[number] = ScreenSize(columns, rows, old.scrollback, old.colors)
        self._command(Kind.RESIZE, number, {"columns": columns, "rows": rows})

    def reset(self, number: int) -> None:
        """Modes back to their defaults; the contents stay."""
        self._command(Kind.RESET, number, None)

    def inject(self, number: int, data: bytes) -> None:
        """Interprets `data` as if the session's program had printed it."""
        self._notifier.post(lambda: self.feed.data(number, data))

    def close(self, number: int) -> None:
        """Forgets a session's screen."""
        if self._sizes.pop(number, None) is not None:
            self._command(Kind.CLOSE, number, None)

    async def ask(self, number: int, what: Question, body: bytes = b"") -> bytes:
        """The answer to a question, true for all bytes read from the PTY before; empty where there is none.

        Raises ScreensUnavailable when the process dies meanwhile or is being replaced.
        """
        if self._connection is None:
            raise ScreensUnavailable("the terminal emulator is being restarted")
        request = next(self._requests) & 0xFFFFFFFF
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[request] = future
        payload = question(request, what, body)
        self._notifier.post(lambda: self.feed.command(Kind.ASK, number, payload))
        try:
            return await future
        finally:
            self._waiting.pop(request, None)

    def _command(self, kind: Kind, number: int, body: object) -> None:
        if self._connection is None:
            return  # whatever is current then is told to the next process
        payload = b"" if body is None else json.dumps(body).encode()
        self._notifier.post(lambda: self.feed.command(kind, number, payload))

    # What the process says.

    def _receive(self) -> None:
        assert self._connection is not None
        try:
            data = self._connection.recv(_READ_SIZE)
        except BlockingIOError:
            return
        except OSError as error:
            _log.warning("lost the emulator process: %s", os.strerror(error.errno or 0))
            data = b""
        if not data:
            self._restart()
            return
        for kind, number, payload in self._reader.feed(data):
            if kind is Kind.ANSWER:
                future = self._waiting.get(number)
                if future is not None and not future.done():
                    future.set_result(payload)
            elif kind is Kind.CHANGED:
                self._on_changed(number)
            elif kind is Kind.NEWS:
                self._on_news(number, json.loads(payload))

    def _restart(self) -> None:
        self._disconnect()
        if self._stopped:
            return
        self.restarts += 1
        young = time.monotonic() - self._started < _YOUNG_SECONDS
        self._delay = min(_LONGEST_DELAY, self._delay * 2) if young else _FIRST_DELAY
        _log.error("the emulator process ended; screens are empty now, a new one starts in %g s", self._delay)
        asyncio.get_running_loop().call_later(self._delay, self.start)
