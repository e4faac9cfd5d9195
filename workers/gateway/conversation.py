"""One client speaking dialect 1: the start sequence, what follows it, and its requests (commands1.py does them)."""

import logging
from traceback import format_tb

from bus.config import Gateway
from bus.errors import (
    Busy,
    Internal,
    Iterm2Unavailable,
    NoSuchSession,
    NoSuchTab,
    RequestError,
)
from bus.messages.commands import GetConfig
from bus.messages.events import Config, SessionSnapshot
from bus.messages.results import ConfigResult
from workers.gateway import dialect1, wire
from workers.gateway.commands1 import TABLE
from workers.gateway.connection import Connection
from workers.gateway.identity import Identity
from workers.gateway.layout import LayoutIndex
from workers.gateway.lines import TooLongLine
from workers.gateway.reader import Reader
from workers.gateway.services import Services

log = logging.getLogger("gateway.client")

#: Input of one client that may be on its way into sessions. Past it nothing more is read from that client until
#: some was written, so a paste into a busy program slows its own sender and nobody else.
TYPING_BYTES = 4 * 1024 * 1024

#: How long a new client waits for iTerm2 without being told: after a start all is there within this.
_START_SECONDS = 1.5


class Conversation:
    """A client from its first line on. It gets `start` once, then `layout_changed` for every layout."""

    def __init__(self, connection: Connection, identity: Identity, services: Services, settings: Gateway) -> None:
        self.identity = identity
        self.services = services
        self.settings = settings
        #: Bytes of input on their way.
        self.typing_bytes = 0
        #: How often the client was told of another tab.
        self.switches = 0
        self._connection = connection
        self._table = services.table
        self._upstream = services.upstream
        self._timers = services.timers
        self._readers: dict[str, Reader] = {}
        self._running = False
        self._starts = 0
        self._sessions_line = b""
        self._tab: str | None = None
        self._closed = False
        connection.on_caught_up = self._caught_up

    @property
    def wants_input(self) -> bool:
        """Whether more may be read from the client."""
        return self.typing_bytes < TYPING_BYTES

    def close(self) -> None:
        """The client is gone, or speaks dialect 2 from now on."""
        self._starts += 1
        self._running = False
        self._closed = True
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()

    # --- the start sequence ---

    def start(self) -> None:
        """Sends `sessions`, the active session's screen, `config` and `ready`, then the rest as it happens.

        Without iTerm2 there is nothing to start with: an `error` says why after a moment, and the sequence comes when
        iTerm2 does.
        """
        if self._closed:
            return
        self._starts += 1
        self._running = False
        self._keep_readers(None)
        index = self._table.index
        if index is None or not index.connected:
            # A client that comes while everything is starting need not know: its start sequence is only a little late.
            first = self._starts == 1
            self._timers.after(_START_SECONDS if first else 0.0, self._say_unavailable)
            return
        self._send_sessions(index)
        self._keep_readers(index)
        self._tab = index.active_tab.tab_id if index.active_tab is not None else None
        active = index.active_session_id
        if active is None:
            self._finish_start()
        else:
            self._start_with(active, self._starts)

    def _say_unavailable(self) -> None:
        index = self._table.index
        if self._closed or self._running or (index is not None and index.connected):
            return
        reason = "the broker does not answer" if index is None else index.layout.iterm2.reason
        self._connection.send(dialect1.error(Iterm2Unavailable(f"iTerm2 is not available: {reason}")))

    def _start_with(self, active: str, start: int) -> None:
        def painted(error: RequestError | None) -> None:
            if start == self._starts:
                if error is not None:
                    self._connection.send(dialect1.error(error))
                self._upstream.broker.ask(GetConfig(session_id=active), ConfigResult, configured, unconfigured)

        def configured(result: ConfigResult, _payload: bytes) -> None:
            if start == self._starts:
                self._connection.send(dialect1.config(result.config))
                self._finish_start(active)

        def unconfigured(error: RequestError) -> None:
            if start == self._starts:
                self._connection.send(dialect1.error(error))
                self._finish_start(active)

        self._readers[active].refresh(then=painted)

    def _finish_start(self, painted: str | None = None) -> None:
        self._connection.send(dialect1.READY)
        self._running = True
        for session_id, reader in self._readers.items():
            if session_id == painted:
                reader.resume()
            else:
                reader.go_live()
        if self._table.index is not None:
            self.layout_changed(self._table.index)

    # --- what follows ---

    def layout_changed(self, index: LayoutIndex) -> None:
        """Tells the client what differs from what it was told."""
        if not self._running:
            if self._starts and not self._readers and index.connected:
                self.start()
            return
        if not index.connected:
            self.start()
            return
        self._send_sessions(index)
        for reader in self._keep_readers(index):
            # What it printed before its coprocess was there is in no stream (iTerm2 gives no history), only on screen.
            reader.refresh()
        tab = index.active_tab
        if tab is not None and tab.tab_id != self._tab:
            self._tell_switched(index, tab.tab_id)

    def config_changed(self, session_id: str, config: Config) -> None:
        """Tells the client of a new profile if it is that of the session that it shows."""
        index = self._table.index
        if self._running and index is not None and session_id == index.active_session_id:
            self._connection.send(dialect1.config(config))

    def screen_changed(self, snapshot: SessionSnapshot, repaint: bytes) -> None:
        """Shows the client a screen whose changes come as snapshots."""
        reader = self._readers.get(snapshot.session_id)
        if reader is not None:
            reader.show(snapshot, repaint)

    def _send_sessions(self, index: LayoutIndex) -> None:
        line = dialect1.sessions(index)
        if line != self._sessions_line or not self._running:
            self._sessions_line = line
            self._connection.send(line)

    def _tell_switched(self, index: LayoutIndex, tab_id: str) -> None:
        session_id = index.active_session_of(tab_id)
        if session_id is None:
            return
        self._tab = tab_id
        self.switches += 1
        self._connection.send(dialect1.tab_switched(tab_id, session_id))
        self._readers[session_id].refresh()

    def _keep_readers(self, index: LayoutIndex | None) -> list[Reader]:
        """One reader for each session of the layout, none for others. Returns the new ones."""
        places = {} if index is None else index.places
        for session_id, reader in list(self._readers.items()):
            if session_id not in places or reader.stream is not self._table.streams.get(session_id):
                reader.close()
                del self._readers[session_id]
        new = []
        for session_id in places.keys() - self._readers.keys():
            stream = self._table.streams.get(session_id)
            reader = Reader(session_id, stream, self._connection, self._upstream)
            self._readers[session_id] = reader
            new.append(reader)
        return new

    def _caught_up(self) -> None:
        log.info("client %d has caught up; its screens are sent anew", self._connection.number)
        for reader in self._readers.values():
            reader.repaint_if_stopped()

    # --- requests ---

    def receive(self, line: bytes | TooLongLine) -> None:
        """Carries out one line of the client, or answers it with one `error`."""
        if line == b"":
            return
        try:
            request = dialect1.parse(line)
            TABLE[type(request)](self, request)
        except RequestError as error:
            self.refuse(error)
        except Exception as error:  # A defect of ours must not end the other clients' connections.
            # Without the exception's text, which could hold what the client typed.
            log.error("a request failed: %s at\n%s", type(error).__name__, "".join(format_tb(error.__traceback__)))
            self.refuse(Internal("the gateway failed to carry this out; its log says where"))

    def refuse(self, error: RequestError) -> None:
        """The answer to a request that is not, or was not carried out."""
        if not self._closed:
            self._connection.send(dialect1.error(error))

    def index(self) -> LayoutIndex:
        """The layout. Raises `Iterm2Unavailable` where there is none now."""
        index = self._table.index
        if index is None or not index.connected:
            raise Iterm2Unavailable("iTerm2 is not available at the moment")
        return index

    def check_session(self, name: str, session_id: str) -> str:
        """The id of a session that is there. `name` is the request's."""
        if session_id not in self.index().places:
            raise NoSuchSession(f"{name}: there is no session {wire.quoted(session_id)}")
        return session_id

    def check_tab(self, name: str, tab_id: str) -> str:
        """The id of a tab that is there, which may be named by a session of it. `name` is the request's."""
        found = self.index().find_tab(tab_id)
        if found is None:
            raise NoSuchTab(f"{name}: there is no tab {wire.quoted(tab_id)}")
        return found

    def refresh(self, session_id: str) -> None:
        """Sends the screen of a session that is there anew."""
        if not self._running:
            raise Busy("request_screen_refresh: the start sequence is under way")
        self._readers[session_id].refresh()

    def tell_switched_since(self, before: int, tab_id: str) -> None:
        """A tab was selected: tells so, unless that was told since `switches` was `before`."""
        index = self._table.index
        told = self.switches != before and self._tab == tab_id
        if self._running and index is not None and not told:
            self._tell_switched(index, tab_id)
