"""Shows, by snapshots, the sessions whose bytes nobody gets: with another program's coprocess, or with none."""

import asyncio
import hashlib
import logging
from dataclasses import dataclass

from broker import iterm2_look
from broker.announcer import Announcer
from broker.iterm2_link import Link
from broker.model import Model
from broker.reconcile import is_shown_by_snapshots
from broker.snapshot import Snapshots
from bus.errors import NoSuchSession, RequestError, RequestTimeout
from bus.messages.events import SessionSnapshot
from bus.messages.results import Snapshot

log = logging.getLogger("broker.screens")

#: Seconds between two snapshots of one session: each stops iTerm2's main thread for a moment.
PAUSE_SECONDS = 0.2

#: Until the next try when iTerm2 did not answer.
_RETRY_SECONDS = 2.0


@dataclass(slots=True)
class _Screen:
    """A session that is followed."""

    #: When its next snapshot may be taken, by the loop's clock.
    not_before: float = 0.0
    #: Its screen may differ from what was told last. True at first: until now, others told of it.
    changed: bool = True
    #: What was told last, as a digest: what is on a screen is not kept.
    told: bytes = b""


class Onlooker:
    """Subscribes to the screens of those sessions, one by one, and publishes each change."""

    def __init__(self, model: Model, announcer: Announcer, snapshots: Snapshots) -> None:
        self._model = model
        self._announcer = announcer
        self._snapshots = snapshots
        self._link: Link | None = None
        self._screens: dict[str, _Screen] = {}
        self._news = asyncio.Event()
        self.shown = 0

    @property
    def following(self) -> int:
        return len(self._screens)

    async def follow(self, link: Link | None, full: bool) -> None:
        """Follows the sessions of the model that need it, and no others. Raises what requests raise.

        `full`: a word about a change, or a subscription, may have been lost.
        """
        if link is not self._link:
            self._link, self._screens = link, {}
        if link is None:
            return
        wanted = [] if self._model.detaching else _wanted(self._model)
        for session_id in self._screens.keys() - set(wanted):
            await _subscribe(link, session_id, wanted=False)
            del self._screens[session_id]
        for session_id in wanted:
            if (full or session_id not in self._screens) and await _subscribe(link, session_id, wanted=True):
                self._screens.setdefault(session_id, _Screen())
                self.changed(session_id)

    def changed(self, session_id: str) -> None:
        """A session's screen has changed, or may have."""
        screen = self._screens.get(session_id)
        if screen is not None:
            screen.changed = True
            self._news.set()

    async def run(self) -> None:
        """Takes and publishes snapshots until cancelled, one after the other."""
        loop = asyncio.get_running_loop()
        while True:
            self._news.clear()
            due = [(screen.not_before, name) for name, screen in self._screens.items() if screen.changed]
            if not due or min(due)[0] > loop.time():
                wait = min(due)[0] - loop.time() if due else None
                await self._wait(wait)
                continue
            await self._show(min(due)[1])

    async def _wait(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    async def _show(self, session_id: str) -> None:
        """Publishes a session's screen if it is not what was told last."""
        link, screen = self._link, self._screens[session_id]
        screen.changed = False
        screen.not_before = asyncio.get_running_loop().time() + PAUSE_SECONDS
        if link is None:
            return
        try:
            snapshot, repaint = await self._snapshots.take(link, session_id, scrollback=0)
        except RequestTimeout:
            screen.changed = True
            screen.not_before += _RETRY_SECONDS
            return
        except RequestError as error:
            # Without a screen or without a connection: the next round follows it no longer, or anew.
            log.debug("session %s cannot be shown: %s", session_id, error)
            return
        digest = _digest(snapshot, repaint)
        record = self._model.sessions.get(session_id)
        # It may have been attached meanwhile; then its bytes tell more than we do.
        if digest != screen.told and record is not None and is_shown_by_snapshots(record):
            screen.told = digest
            self.shown += 1
            self._announcer.snapshot(_header(snapshot), repaint)


def _wanted(model: Model) -> list[str]:
    return [
        session_id
        for session_id in sorted(model.listing.session_ids())
        if (record := model.sessions.get(session_id)) is not None and is_shown_by_snapshots(record)
    ]


async def _subscribe(link: Link, session_id: str, *, wanted: bool) -> bool:
    """False when the session is gone."""
    try:
        await iterm2_look.follow_screen(link, session_id, wanted)
    except NoSuchSession:
        return False
    return True


def _digest(snapshot: Snapshot, repaint: bytes) -> bytes:
    size = f"{snapshot.epoch} {snapshot.offset} {snapshot.columns} {snapshot.rows}\n"
    return hashlib.blake2b(size.encode() + repaint, digest_size=16).digest()


def _header(snapshot: Snapshot) -> SessionSnapshot:
    return SessionSnapshot(
        session_id=snapshot.session_id,
        epoch=snapshot.epoch,
        offset=snapshot.offset,
        columns=snapshot.columns,
        rows=snapshot.rows,
        cursor_column=snapshot.cursor_column,
        cursor_row=snapshot.cursor_row,
    )
