"""Reads iTerm2's present state into the model."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from broker import iterm2_look
from broker.announcer import Announcer
from broker.iterm2_answers import NotInvoked
from broker.iterm2_link import Link
from broker.listing import prune, read_focus, read_listing
from broker.model import Listing, Model, SessionRecord
from broker.profile import KEYS, is_browser, read_config
from bus.errors import Iterm2Unavailable, NoSuchSession, RequestError

log = logging.getLogger("broker.look")

#: Followed by a monitor each, so that nothing is polled.
WATCHED = ("presentationName", "name", "columns", "rows", "jobName", "path", "tty", "tmuxRole", "profileName")

#: Sessions asked about at once: iTerm2 answers on its main thread, between the user's keystrokes.
_AT_ONCE = 8

#: Every so many full looks, variables and profiles are read again though nothing said that they changed: of
#: profiles nothing ever does, since their notification can abort iTerm2 (sources/API/iTermAPIHelper.m:2112).
_SWEEP = 6

#: A change of the layout may be one of a font. While a window is being resized there are many of them.
_LAYOUT_SECONDS = 2.0


#: Reads something of one session into its record.
_Read = Callable[[Link, str, SessionRecord], Awaitable[None]]


class Looker:
    """One look after the other over one connection after the other."""

    def __init__(self, model: Model, announcer: Announcer) -> None:
        self._model = model
        self._announcer = announcer
        self._watched: set[str] = set()
        self._link: Link | None = None
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._looks = 0
        #: Sessions whose profiles may have changed.
        self._stale: set[str] = set()
        self._layout_read = 0.0

    async def look(self, link: Link, full: bool) -> Listing:
        """Reads the list, what is new in it, and the focus; tells what changed. Raises what requests raise.

        `full`: also what is followed by notifications, in turns.
        """
        if link is not self._link:
            # The tab ids of another run of iTerm2 may mean other tabs, and nothing is subscribed any more.
            self._link, self._watched = link, set()
            await self._read_theme(link)
        listing = read_listing(await iterm2_look.list_sessions(link))
        present = listing.session_ids()
        self._watched &= present
        await self._each(link, present - self._watched, self._meet_one)
        if full:
            await self._read_theme(link)
            await self._sweep(link, present)
        await self._read_stale(link, present)
        # Last, so that no newer word about focus is overwritten by an older answer.
        focus = read_focus(await iterm2_look.get_focus(link), listing)
        self._model.focus = focus
        self.take(listing)
        # Of sessions that are not there now nothing is remembered any longer: ids do not come back.
        self._model.remembered.clear()
        return listing

    def theme_is(self, theme: str) -> None:
        """Notes the theme, which picks among each profile's colours."""
        if theme != self._model.theme:
            self._model.theme = theme
            self._stale |= self._model.sessions.keys()

    def profile_changed(self, session_id: str) -> None:
        """A session has another profile: the next look reads it."""
        self._stale.add(session_id)

    def layout_changed(self) -> None:
        """Has the next look read the profiles in front, unless it was done a moment ago."""
        now = asyncio.get_running_loop().time()
        if now - self._layout_read >= _LAYOUT_SECONDS:
            self._layout_read = now
            self._stale |= self._model.visible()

    def take(self, listing: Listing) -> None:
        """Makes `listing` the model's and tells who is gone."""
        model = self._model
        model.listing = listing
        present = listing.session_ids()
        for session_id in present:
            model.record(session_id)
        for session_id in [known for known in model.sessions if known not in present]:
            del model.sessions[session_id]
            self._announcer.closed(session_id)
        self._announcer.changed()

    def forget_unattached(self) -> Listing:
        """iTerm2 has ended: its sessions are gone, except one whose worker still holds an open pipe."""
        alive = frozenset(name for name, record in self._model.sessions.items() if record.attached)
        listing = prune(self._model.listing, alive)
        self.take(listing)
        return listing

    async def coprocesses(self, link: Link, session_ids: Iterable[str]) -> dict[str, str | None]:
        """The command lines of these sessions' coprocesses; a session that cannot be asked is missing."""
        found: dict[str, str | None] = {}

        async def ask(session_id: str) -> None:
            async with self._free:
                try:
                    found[session_id] = await iterm2_look.get_coprocess(link, session_id)
                except NotInvoked as error:
                    self._model.record(session_id).browser |= error.browser
                except Iterm2Unavailable:
                    raise
                except RequestError as error:
                    log.debug("cannot ask for a coprocess: %s", error)

        await asyncio.gather(*map(ask, session_ids))
        return found

    async def read_configs(self, link: Link, session_ids: Iterable[str]) -> None:
        """Reads profiles again and tells which of them changed."""
        await self._each(link, session_ids, self._read_config)

    async def _meet_one(self, link: Link, session_id: str, record: SessionRecord) -> None:
        # A monitor does not tell the value of the moment, so the values are read after all of them are set.
        await asyncio.gather(
            iterm2_look.follow_prompts(link, session_id),
            *(iterm2_look.monitor(link, session_id, name) for name in WATCHED),
        )
        await self._read_variables(link, session_id, record)
        await self._read_config(link, session_id, record)
        self._watched.add(session_id)

    async def _sweep(self, link: Link, present: frozenset[str]) -> None:
        turn, self._looks = self._looks % _SWEEP, self._looks + 1
        visible = self._model.visible()
        due = [name for number, name in enumerate(sorted(present)) if number % _SWEEP == turn or name in visible]
        await self._each(link, due, self._read_variables)
        await self._each(link, due, self._read_config)

    async def _read_theme(self, link: Link) -> None:
        theme = (await iterm2_look.get_variables(link, None, ["effectiveTheme"])).get("effectiveTheme")
        # Unset for a moment while iTerm2 starts.
        if isinstance(theme, str):
            self.theme_is(theme)

    async def _read_stale(self, link: Link, present: frozenset[str]) -> None:
        stale, self._stale = self._stale, set()
        try:
            await self._each(link, stale & present, self._read_config)
        except BaseException:  # Cancelled, too: they are as stale as before, and the next look reads them.
            self._stale |= stale
            raise

    async def _each(self, link: Link, session_ids: Iterable[str], read: _Read) -> None:
        async def one(session_id: str) -> None:
            async with self._free:
                try:
                    await read(link, session_id, self._model.record(session_id))
                except NoSuchSession:
                    # Gone since the list was made; the next look will say so.
                    self._watched.discard(session_id)

        await asyncio.gather(*map(one, session_ids))

    async def _read_variables(self, link: Link, session_id: str, record: SessionRecord) -> None:
        record.variables.update(await iterm2_look.get_variables(link, session_id, WATCHED))

    async def _read_config(self, link: Link, session_id: str, record: SessionRecord) -> None:
        profile = await iterm2_look.get_profile(link, session_id, KEYS)
        record.browser = record.browser or is_browser(profile)
        config = read_config(profile, self._model.theme)
        if config != record.config:
            record.config = config
            self._announcer.config(session_id, config)
