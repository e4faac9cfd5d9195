"""Where a conformance test plays: a window of its own in whatever host it is given, and nothing else of that host.

The tests of this folder know no host. `tests/headless` runs them against the headless host and `tests/iterm2` against
a real iTerm2; both give them a fixture `play`.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import iterm2
import pytest

T = TypeVar("T", bound=Callable[..., Any])
V = TypeVar("V")
SECONDS = 10.0

#: A shell without the user's own settings, so that its screen can be foretold.
SHELL = "/usr/bin/env -i PATH=/usr/bin:/bin TERM=xterm PS1=$ /bin/sh"


def covers(*messages: str) -> Callable[[T], T]:
    """Names the requests and notifications of api.proto that a test shows to be served; a test walks them."""

    def mark(function: T) -> T:
        function.covers = messages  # type: ignore[attr-defined]
        return function

    return mark


@dataclass
class Stage:
    """A connection and a window with one session; what is made through it is closed at the end."""

    connection: iterm2.Connection
    app: iterm2.App
    window: iterm2.Window
    made: list[str] = field(default_factory=list)

    @property
    def tab(self) -> iterm2.Tab:
        return self.window.tabs[0]

    @property
    def session(self) -> iterm2.Session:
        return self.tab.sessions[0]

    async def new_window(self) -> iterm2.Window:
        window = await iterm2.Window.async_create(self.connection, command=SHELL)
        assert window is not None
        self.made.append(window.tabs[0].sessions[0].session_id)
        return window

    async def new_tab(self, **more: Any) -> iterm2.Tab:
        tab = await self.window.async_create_tab(command=SHELL, **more)
        assert tab is not None
        self.made.append(tab.sessions[0].session_id)
        return tab

    async def split(self, session: iterm2.Session, **more: Any) -> iterm2.Session:
        made = await session.async_split_pane(**more)
        self.made.append(made.session_id)
        return made

    async def refresh(self) -> None:
        """Looks at the host again; `window`, `tab` and `session` follow."""
        await self.app.async_refresh()
        window = self.app.get_window_by_id(self.window.window_id)
        assert window is not None
        self.window = window

    async def clean(self) -> None:
        """Closes every session that was made here, buried ones too."""
        await self.app.async_refresh()
        for session_id in self.made:
            session = self.app.get_session_by_id(session_id)
            if session is not None:
                with suppress(iterm2.RPCException):
                    await session.async_close(force=True)


Scene = Callable[[Stage], Awaitable[None]]
Play = Callable[[Scene], None]


async def perform(scene: Scene) -> None:
    """Connects as scripts do, plays, and leaves the host as it was."""
    connection = await iterm2.Connection.async_create()
    try:
        app = await iterm2.async_get_app(connection)
        assert app is not None
        window = await iterm2.Window.async_create(connection, command=SHELL)
        assert window is not None
        stage = Stage(connection, app, window, [window.tabs[0].sessions[0].session_id])
        try:
            await shows(stage.session, "$")
            async with asyncio.timeout(60):
                await scene(stage)
        finally:
            await stage.clean()
    finally:
        await _disconnect(connection)


async def _disconnect(connection: iterm2.Connection) -> None:
    """Ends the package's own task first, or it prints a traceback about the closed connection."""
    task = connection._Connection__dispatch_forever_future
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await connection.websocket.close()
    iterm2.app.invalidate_app()
    iterm2.notifications._handlers.clear()


async def until(condition: Callable[[], Awaitable[V]], what: str, seconds: float = SECONDS) -> V:
    """The first true value of `condition`; fails with `what` when there is none in time."""
    end = time.monotonic() + seconds
    while not (value := await condition()):
        if time.monotonic() > end:
            pytest.fail(f"not within {seconds:g} s: {what}")
        await asyncio.sleep(0.02)
    return value


async def texts(session: iterm2.Session) -> list[str]:
    """The lines of the screen as the package decodes them."""
    contents = await session.async_get_screen_contents()
    return [contents.line(row).string for row in range(contents.number_of_lines)]


async def shows(session: iterm2.Session, text: str) -> None:
    """Waits until a line of the screen is `text`."""

    async def found() -> bool:
        nonlocal seen
        seen = await texts(session)
        return text in seen

    seen: list[str] = []
    try:
        await until(found, f"a line {text!r}")
    except pytest.fail.Exception as failure:
        failure.msg = f"{failure.msg} in {[line for line in seen if line]}"
        raise
