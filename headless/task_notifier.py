"""The one thread that moves bytes between PTYs, coprocesses and the emulator (iTerm2 sources/Tasks/TaskNotifier.m).

It parses nothing. The main thread posts functions to it and gets answers through the asyncio loop.
Differences to iTerm2, on purpose: it uses epoll or kqueue where iTerm2 uses select() with its 1024 descriptors.
"""

import asyncio
import contextlib
import logging
import os
import selectors
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol, TypeVar

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE
#: How often a child that was told to end is looked at until it is reaped.
_REAP_SECONDS = 0.05


class Channel(Protocol):
    """One descriptor served by the thread."""

    #: Order within one pass: PTYs come before coprocesses, as in iTerm2.
    rank: int

    def fileno(self) -> int:
        """The descriptor; must stay open until the channel is removed."""

    def interest(self) -> int:
        """READ, WRITE, both, or 0 for neither, as of now."""

    def ready(self, mask: int) -> None:
        """Serves the descriptor; runs on the thread and must not block."""


class Reapable(Protocol):
    """A child process; subprocess.Popen is one."""

    def poll(self) -> int | None:
        """The exit status once the child has ended."""


class TaskNotifier:
    """Serves channels until stopped."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._selector = selectors.DefaultSelector()
        self._masks: dict[Channel, int] = {}
        self._stale: set[Channel] = set()
        self._posted: deque[Callable[[], None]] = deque()
        self._zombies: list[Reapable] = []
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._selector.register(self._wake_read, READ, None)
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="task-notifier", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """Ends the thread after what was posted; waits at most `seconds`."""
        self.post(self._stop_now)
        self._thread.join(seconds)
        if self._thread.is_alive():
            _log.error("the byte thread did not end in %g s", seconds)
            return
        self._selector.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _stop_now(self) -> None:
        self._stopping = True

    # From any thread.

    def post(self, function: Callable[[], None]) -> None:
        """Runs `function` on the thread, in the order of posting."""
        self._posted.append(function)
        try:
            os.write(self._wake_write, b"\0")
        except BlockingIOError:
            pass  # woken already, many times over
        except OSError:
            _log.debug("posted after the byte thread ended")

    def call(self, function: Callable[[], _T]) -> "asyncio.Future[_T]":
        """Runs `function` on the thread; its result or exception arrives in the loop."""
        future: asyncio.Future[_T] = self._loop.create_future()

        def run() -> None:
            try:
                result = function()
            except BaseException as error:  # handed to whoever waits
                self.tell(_settle, future, None, error)
            else:
                self.tell(_settle, future, result, None)

        self.post(run)
        return future

    def tell(self, callback: Callable[..., object], *arguments: object) -> None:
        """Runs `callback` in the main thread's loop; nothing happens once that is closed."""
        try:
            self._loop.call_soon_threadsafe(callback, *arguments)
        except RuntimeError:
            _log.debug("told after the loop was closed")

    # On the thread.

    def add(self, channel: Channel) -> None:
        """Begins to serve a channel."""
        self._masks[channel] = 0
        self._stale.add(channel)

    def remove(self, channel: Channel) -> None:
        """Stops serving a channel; its descriptor may be closed afterwards. Harmless if it was not served."""
        if self._masks.pop(channel, 0):
            self._selector.unregister(channel.fileno())
        self._stale.discard(channel)

    def touch(self, channel: Channel) -> None:
        """The channel's interest may have changed."""
        if channel in self._masks:
            self._stale.add(channel)

    def reap(self, child: Reapable) -> None:
        """Collects the exit status of a child when it ends."""
        self._zombies.append(child)

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._pass()
            except Exception:  # one session's trouble must not stop the bytes of all others
                _log.exception("the byte thread goes on after an error")

    def _pass(self) -> None:
        self._refresh()
        events = self._selector.select(_REAP_SECONDS if self._zombies else None)
        channels = [(key.data, mask) for key, mask in events if key.data is not None]
        if len(channels) > 1:
            channels.sort(key=_rank)
        for channel, mask in channels:
            if channel in self._masks:  # an earlier one may have removed it
                self._serve(channel, mask)
        if len(channels) < len(events):
            self._run_posted()
        if self._zombies:
            self._zombies = [child for child in self._zombies if child.poll() is None]

    def _serve(self, channel: Channel, mask: int) -> None:
        try:
            channel.ready(mask)
        except Exception:  # it would come again at once and for ever: the others go on without it
            _log.exception("descriptor %d is not served any more", channel.fileno())
            self.remove(channel)
        self._stale.add(channel)

    def _run_posted(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake_read, 65536)
        while self._posted:
            self._posted.popleft()()

    def _refresh(self) -> None:
        """Tells the selector about changed interests."""
        for channel in self._stale:
            if channel not in self._masks:
                continue
            old, new = self._masks[channel], channel.interest()
            if new == old:
                continue
            if not old:
                self._selector.register(channel.fileno(), new, channel)
            elif not new:
                self._selector.unregister(channel.fileno())
            else:
                self._selector.modify(channel.fileno(), new, channel)
            self._masks[channel] = new
        self._stale.clear()


def _rank(event: tuple[Channel, int]) -> int:
    return event[0].rank


def _settle(future: "asyncio.Future[_T]", result: _T, error: BaseException | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
