"""One client speaking dialect 1: the start sequence, what follows it, and its requests."""

import logging
from collections.abc import Callable
from traceback import format_tb
from typing import Any

from bus.config import Gateway
from bus.errors import (
    Busy,
    Internal,
    Iterm2Unavailable,
    NoSuchSession,
    NoSuchTab,
    RequestError,
)
from bus.messages import (
    Activate,
    BrokerCommand,
    Close,
    Config,
    ConfigResult,
    Created,
    CreateTab,
    Done,
    GetConfig,
    Resize,
    SessionSnapshot,
    Size,
)
from workers.gateway import dialect1, wire
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

#: One request's whole way: opening a tab may wait for a prompt of iTerm2's.
_COMMAND_SECONDS = 15.0


class Conversation:
    """A client from its first line on. It gets `start` once, then `layout_changed` for every layout."""

    def __init__(self, connection: Connection, identity: Identity, services: Services, settings: Gateway) -> None:
        self._connection = connection
        self._identity = identity
        self._table = services.table
        self._upstream = services.upstream
        self._timers = services.timers
        self._typist = services.typist
        self._settings = settings
        self._readers: dict[str, Reader] = {}
        self._running = False
        self._starts = 0
        self._sessions_line = b""
        self._tab: str | None = None
        self._switches = 0
        self._typing_bytes = 0
        self._closed = False
        connection.on_caught_up = self._caught_up

    @property
    def wants_input(self) -> bool:
        """Whether more may be read from the client."""
        return self._typing_bytes < TYPING_BYTES

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
        self._switches += 1
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
            _REQUESTS[type(request)](self, request)
        except RequestError as error:
            self._refuse(error)
        except Exception as error:  # A defect of ours must not end the other clients' connections.
            # Without the exception's text, which could hold what the client typed.
            log.error("a request failed: %s at\n%s", type(error).__name__, "".join(format_tb(error.__traceback__)))
            self._refuse(Internal("the gateway failed to carry this out; its log says where"))

    def _refuse(self, error: RequestError) -> None:
        if not self._closed:
            self._connection.send(dialect1.error(error))

    def _index(self) -> LayoutIndex:
        index = self._table.index
        if index is None or not index.connected:
            raise Iterm2Unavailable("iTerm2 is not available at the moment")
        return index

    def _check_session(self, name: str, session_id: str) -> str:
        if session_id not in self._index().places:
            raise NoSuchSession(f"{name}: there is no session {wire.quoted(session_id)}")
        return session_id

    def _check_tab(self, name: str, tab_id: str) -> str:
        found = self._index().find_tab(tab_id)
        if found is None:
            raise NoSuchTab(f"{name}: there is no tab {wire.quoted(tab_id)}")
        return found

    def _terminal_input(self, request: dialect1.TerminalInput) -> None:
        session_id = self._check_session("terminal_input", request.session_id)
        size = len(request.data)

        def done(error: RequestError | None, _written: int) -> None:
            self._typing_bytes -= size
            if error is not None:
                self._refuse(_prefixed("terminal_input", error))

        self._typing_bytes += size
        try:
            self._typist.type(self._identity, session_id, request.data, done)
        except Busy:
            self._typing_bytes -= size
            raise

    def _terminal_resize(self, request: dialect1.TerminalResize) -> None:
        session_id = self._check_session("terminal_resize", request.session_id)
        if self._settings.resize == "follow":
            self._command(
                "terminal_resize", Resize(session_id=session_id, columns=request.cols, rows=request.rows), Size
            )

    def _tab_switch(self, request: dialect1.TabSwitch) -> None:
        tab_id = self._check_tab("tab_switch", request.tab_id)
        command = Activate(tab_id=tab_id) if tab_id == request.tab_id else Activate(session_id=request.tab_id)
        before = self._switches

        def done(_result: Done, _payload: bytes) -> None:
            index = self._table.index
            told = self._switches != before and self._tab == tab_id
            if self._running and index is not None and not told:
                self._tell_switched(index, tab_id)

        self._command("tab_switch", command, Done, done)

    def _tab_create(self, _request: dialect1.TabCreate) -> None:
        self._index()
        self._command("tab_create", CreateTab(), Created)

    def _tab_close(self, request: dialect1.TabClose) -> None:
        tab_id = self._check_tab("tab_close", request.tab_id)
        self._command("tab_close", Close(tab_id=tab_id, force=True), Done)

    def _request_screen_refresh(self, request: dialect1.RequestScreenRefresh) -> None:
        session_id = request.session_id or self._index().active_session_id
        if session_id is None:
            raise NoSuchSession("request_screen_refresh: there is no active session")
        self._check_session("request_screen_refresh", session_id)
        if not self._running:
            raise Busy("request_screen_refresh: the start sequence is under way")
        self._readers[session_id].refresh()

    def _resend_initial_state(self, _request: dialect1.ResendInitialState) -> None:
        self.start()

    def _command(
        self,
        name: str,
        command: BrokerCommand,
        expected: type[Any],
        on_result: Callable[[Any, bytes], None] = lambda _result, _payload: None,
    ) -> None:
        """Has the broker carry out a command; a refusal becomes the client's `error`."""
        self._upstream.broker.ask(
            command, expected, on_result, lambda error: self._refuse(_prefixed(name, error)), seconds=_COMMAND_SECONDS
        )


def _prefixed(name: str, error: RequestError) -> RequestError:
    """The same refusal, saying which message it answers."""
    return type(error)(f"{name}: {error}")


_REQUESTS: dict[type[dialect1.Request], Callable[[Conversation, Any], None]] = {
    dialect1.TerminalInput: Conversation._terminal_input,
    dialect1.TerminalResize: Conversation._terminal_resize,
    dialect1.TabSwitch: Conversation._tab_switch,
    dialect1.TabCreate: Conversation._tab_create,
    dialect1.TabClose: Conversation._tab_close,
    dialect1.RequestScreenRefresh: Conversation._request_screen_refresh,
    dialect1.ResendInitialState: Conversation._resend_initial_state,
}
