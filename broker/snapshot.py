"""A session's screen as ANSI, tied to a place in its stream of bytes."""

import asyncio
import time
from dataclasses import replace
from typing import NamedTuple

from broker import iterm2_look, modes
from broker.contents import Contents, Line, read_contents
from broker.iterm2_link import Link
from broker.model import Json, Model
from broker.repaint import Screen, paint
from broker.workers import Workers
from bus.errors import RequestError
from bus.limits import PAYLOAD_BYTES
from bus.messages.events import Config
from bus.messages.results import Modes, Position, Snapshot

#: Looks at one screen before it is called approximate. A program that writes without rest never lets one be exact.
_TRIES = 5

#: iTerm2 hands bytes to the coprocess before it has drawn them, and writes them one turn of its loop later
#: (sources/Tasks/PTYTask.m:882): both ends of a look wait this long for the other side.
_SETTLE_SECONDS = 0.01

#: Screens taken at once: each stops iTerm2's main thread for a moment.
_AT_ONCE = 4

#: The most scrollback of one snapshot, in lines.
SCROLLBACK_MOST = 20_000

#: What iTerm2 tells of a screen beside its contents.
_VARIABLES = ("columns", "rows", *modes.VARIABLES)


class _Look(NamedTuple):
    contents: Contents
    scrollback: tuple[Line, ...]
    variables: dict[str, Json]


class Snapshots:
    """Takes snapshots of any session."""

    def __init__(self, model: Model, workers: Workers) -> None:
        self._model = model
        self._workers = workers
        self._free = asyncio.Semaphore(_AT_ONCE)
        #: How many were taken.
        self.taken = 0
        self._newest: float | None = None

    @property
    def age(self) -> float | None:
        """Seconds since the newest one was taken, None before the first."""
        return None if self._newest is None else round(time.monotonic() - self._newest, 3)

    async def take(self, link: Link, session_id: str, scrollback: int) -> tuple[Snapshot, bytes]:
        """A snapshot and its repaint.

        Exact when no byte moved while the screen was read. Else it is approximate, and its position is the one from
        before the look: a reader that goes on from there applies some bytes twice rather than missing any.
        Raises what requests to iTerm2 raise.
        """
        async with self._free:
            position, look, exact = await self._look_at_rest(link, session_id, min(scrollback, SCROLLBACK_MOST))
        screen = _screen(look, position.modes if position else Modes(), self._config(session_id))
        repaint = await _paint(screen)
        self.taken += 1
        self._newest = time.monotonic()
        return (
            Snapshot(
                session_id=session_id,
                epoch=position.epoch if position else None,
                offset=position.head if position else 0,
                columns=screen.columns,
                rows=screen.rows,
                cursor_column=min(max(screen.cursor_column, 0), screen.columns),
                cursor_row=min(max(screen.cursor_row, 0), screen.rows - 1),
                modes=screen.modes,
                approximate=not exact,
            ),
            repaint,
        )

    async def _look_at_rest(self, link: Link, session_id: str, scrollback: int) -> tuple[Position | None, _Look, bool]:
        """Looks until nothing moved meanwhile, some times at the most."""
        for attempt in range(1, _TRIES + 1):
            before = await self._position(session_id)
            if before is not None:
                await asyncio.sleep(_SETTLE_SECONDS)
            look = await _look(link, session_id, scrollback)
            if before is None:
                return None, look, True
            await asyncio.sleep(_SETTLE_SECONDS)
            after = await self._position(session_id)
            if after is not None and (before.epoch, before.head) == (after.epoch, after.head):
                return before, look, True
            if attempt < _TRIES:
                await asyncio.sleep(_SETTLE_SECONDS * attempt)
        return before, look, False

    async def _position(self, session_id: str) -> Position | None:
        """Where the stream stands; None for a session that has none now."""
        record = self._model.sessions.get(session_id)
        if record is None or not record.worker:
            return None
        try:
            position = await self._workers.position(session_id)
        except RequestError:
            return None
        return position if position.attached else None

    def _config(self, session_id: str) -> Config | None:
        record = self._model.sessions.get(session_id)
        return record.config if record else None


async def _look(link: Link, session_id: str, scrollback: int) -> _Look:
    variables, contents = await asyncio.gather(
        iterm2_look.get_variables(link, session_id, _VARIABLES),
        iterm2_look.get_screen(link, session_id),
    )
    screen = read_contents(contents)
    above: tuple[Line, ...] = ()
    if scrollback and screen.first > 0:
        # By absolute number, so that they are the lines just above this screen though more were written since.
        first = max(screen.first - scrollback, 0)
        above = read_contents(await iterm2_look.get_lines(link, session_id, first, screen.first)).lines
    return _Look(screen, above, variables)


def _screen(look: _Look, seen: Modes, config: Config | None) -> Screen:
    variables, contents = look.variables, look.contents
    return Screen(
        columns=_number(variables.get("columns"), 80),
        rows=len(contents.lines) or _number(variables.get("rows"), 25),
        lines=contents.lines,
        cursor_column=contents.cursor_column,
        cursor_row=contents.cursor_row - contents.first,
        scrollback=look.scrollback,
        modes=modes.merge(seen, variables, config),
        defaults=(config.foreground, config.background) if config else None,
    )


def _number(value: Json, default: int) -> int:
    return int(value) if isinstance(value, (int, float)) and value >= 1 else default


async def _paint(screen: Screen) -> bytes:
    """The repaint, with as much of the scrollback as fits a message of the bus."""
    while True:
        # Much scrollback takes a second: off the loop, which goes on meanwhile.
        data = await asyncio.to_thread(paint, screen) if len(screen.scrollback) > 500 else paint(screen)
        if len(data) <= PAYLOAD_BYTES or not screen.scrollback:
            return data
        screen = replace(screen, scrollback=screen.scrollback[len(screen.scrollback) // 2 + 1 :])
