"""Keeps one connection to iTerm2: connects, watches over it, connects again with back-off, says how things stand."""

import asyncio
import contextlib
import logging
import random
import sys
from collections.abc import Callable
from typing import Any

from broker import iterm2_look
from broker.authorise import WAITING, NotAuthorised, host_cookie, iterm2_cookie, why_absent
from broker.iterm2_link import Link, Unavailable, authorisation_is_off, open_link, protocol
from bus.errors import Iterm2Unavailable, RequestError
from bus.messages.layout import Iterm2Status
from bus.paths import Paths

log = logging.getLogger("broker.iterm2")

#: Neither side of the connection sends pings, so nobody would notice a peer that is silent for ever.
#: Seconds between two heartbeats, and to wait for the answer to one: a dialog or an open menu makes iTerm2 late, since
#: requests wait for its main thread.
HEARTBEAT = (3.0, 15.0)

#: First and longest pause before the next attempt. Whether iTerm2 is there is cheap to find out; asking it for a
#: cookie may ask its user and adds a line to its Script Console, so that is done seldom.
_ABSENT_PAUSES = (0.2, 2.0)
_REFUSED_PAUSES = (5.0, 60.0)

_KINDS = (
    protocol.NOTIFY_ON_NEW_SESSION,
    protocol.NOTIFY_ON_TERMINATE_SESSION,
    protocol.NOTIFY_ON_LAYOUT_CHANGE,
    protocol.NOTIFY_ON_FOCUS_CHANGE,
)


class Iterm2Keeper:
    """The broker's one connection, or the reason why there is none."""

    def __init__(
        self,
        paths: Paths,
        on_status: Callable[[Iterm2Status], None],
        on_notification: Callable[[Any], None],
        platform: str = sys.platform,
        heartbeat: tuple[float, float] = HEARTBEAT,
    ) -> None:
        """`on_status` is called at each change, `on_notification` with each notification; neither may block."""
        self._paths = paths
        self._on_status = on_status
        self._on_notification = on_notification
        self._platform = platform
        self._pause, self._patience = heartbeat
        self._status: Iterm2Status | None = None
        #: The open and subscribed connection, if there is one.
        self.link: Link | None = None
        self.connections = 0

    def require(self) -> Link:
        """The connection. Raises `Iterm2Unavailable` with the reason in words."""
        if self.link is None:
            reason = self._status.reason if self._status else "the broker has just started"
            raise Iterm2Unavailable(f"iTerm2 is not connected: {reason}")
        return self.link

    @property
    def has_failed(self) -> bool:
        """Whether it is known that there is no connection now, and not only not tried yet."""
        return self._status is not None and self._status.state != "connected"

    async def run(self) -> None:
        """Connects and stays connected until cancelled."""
        backoff = _Backoff()
        while True:
            try:
                link = await self._connect()
            except (Unavailable, NotAuthorised) as error:
                self._say(error.status)
                seldom = error.status.state not in ("not_running", "not_installed")
            else:
                served = await self._serve(link)
                self._say(Iterm2Status(state="lost", reason="the connection to iTerm2 was lost; it is made again"))
                seldom = not served
                if served:
                    backoff = _Backoff()
            await asyncio.sleep(backoff.pause(seldom))

    async def _connect(self) -> Link:
        """A connection with a fresh cookie: one uses it up (sources/API/iTermWebSocketCookieJar.m:35)."""
        cookie = await host_cookie(self._paths)
        if cookie is None:
            if self._platform != "darwin" or not await _is_listening(self._paths):
                raise Unavailable(await why_absent())
            if not authorisation_is_off():
                cookie = await iterm2_cookie(lambda: self._say(WAITING))
        return await open_link(self._paths, cookie, self._on_notification)

    async def _serve(self, link: Link) -> bool:
        """Uses a connection until it ends. False when it could not even be subscribed."""
        try:
            async with asyncio.TaskGroup() as tasks:
                reading = tasks.create_task(link.read(), name="read from iTerm2")
                watching = tasks.create_task(self._watch(link), name="watch over iTerm2")
                await reading
                watching.cancel()
        finally:
            served, self.link = self.link is link, None
            await link.close()
        return served

    async def _watch(self, link: Link) -> None:
        """Subscribes, then asks something small again and again. Ends the connection when there is no answer."""
        try:
            for kind in _KINDS:
                await iterm2_look.subscribe(link, kind)
            await iterm2_look.monitor(link, None, "effectiveTheme")
            self.link = link
            self.connections += 1
            self._say(Iterm2Status(state="connected", version=link.version))
            while True:
                await asyncio.sleep(self._pause)
                await iterm2_look.get_variables(link, None, ["effectiveTheme"], self._patience)
        except RequestError as error:
            log.debug("giving up this connection: %s", error)
            await link.close()

    def _say(self, status: Iterm2Status) -> None:
        if status == self._status:
            return
        self._status = status
        log.info("iTerm2 is %s%s", status.state.replace("_", " "), f": {status.reason}" if status.reason else "")
        self._on_status(status)


class _Backoff:
    """Growing pauses of two kinds, each a little off, so that several programs do not knock together for ever."""

    def __init__(self) -> None:
        self._pauses = {True: _REFUSED_PAUSES[0], False: _ABSENT_PAUSES[0]}

    def pause(self, seldom: bool) -> float:
        """Seconds to wait now. `seldom`: the last attempt got as far as asking."""
        pause = self._pauses[seldom]
        most = _REFUSED_PAUSES[1] if seldom else _ABSENT_PAUSES[1]
        self._pauses[seldom] = min(pause * 2, most)
        return pause * random.uniform(0.8, 1.2)


async def _is_listening(paths: Paths) -> bool:
    """Whether somebody accepts at iTerm2's socket: the file stays when iTerm2 quits (sources/API/iTermAPIServer.m:200),
    and asking a dead iTerm2 for a cookie by AppleScript would launch it."""
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_unix_connection(str(paths.iterm2_socket))
        writer.close()
        return True
    return False
