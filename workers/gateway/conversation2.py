"""One client speaking dialect 2: the welcome, what happens, and its requests."""

import logging
from traceback import format_tb
from typing import Any

import msgspec

from bus.errors import Busy, Internal, Iterm2Unavailable, NoSuchSession, ReadOnly, RequestError
from bus.limits import ANSWERS_BYTES, REQUESTS_PER_CLIENT
from bus.messages.commands import GetConfig
from bus.messages.events import Config, SessionSnapshot
from bus.messages.results import ConfigResult
from bus.position import Position
from bus.version import release
from workers.gateway import dialect2, dialect2_lines, layout_tree, wire
from workers.gateway.backlog import SHEDDING
from workers.gateway.commands import CHANGING, TABLE
from workers.gateway.connection import Connection
from workers.gateway.dialect2 import Hello
from workers.gateway.dialect2_messages import Closed, Iterm2, Iterm2State, Layout, Result, Welcome
from workers.gateway.encoders import Encoding
from workers.gateway.identity import Identity
from workers.gateway.layout import LayoutIndex
from workers.gateway.lines import TooLongLine
from workers.gateway.services import Services
from workers.gateway.subscription import Wanted
from workers.gateway.subscriptions import Subscriptions

log = logging.getLogger("gateway.client")


_SERVER = f"itermbus {release()}"


class Answer:
    """The answer to one request: exactly one of its methods is called, once."""

    def __init__(self, conversation: "Conversation2", request_id: str | int | None) -> None:
        self.request_id = request_id
        self._conversation = conversation
        self._given = False

    def result(self, **keys: Any) -> None:
        """It was carried out."""
        self._give(wire.line(Result(id=self.request_id, **keys)))

    def refuse(self, error: RequestError) -> None:
        self._give(dialect2_lines.error_line(error, self.request_id))

    def nothing(self) -> None:
        """It was carried out, and another message says so."""
        self._give(b"")

    def _give(self, line: bytes) -> None:
        if not self._given:
            self._given = True
            self._conversation.take_answer(line)


class Conversation2:
    """A client from its `hello` on."""

    def __init__(self, connection: Connection, identity: Identity, services: Services, hello: Hello) -> None:
        self.identity = identity
        self.services = services
        self._connection = connection
        self._hello = hello
        encoding = Encoding.STRIPPED if hello.strip_queries else Encoding.RAW
        self.subscriptions = Subscriptions(connection, services, Wanted(encoding, hello.window), self._ask_config)
        self._told: LayoutIndex | None = None
        self._told_layout = True
        self._requests = 0
        self._snapshots = 0
        self._closed = False

    @property
    def wants_input(self) -> bool:
        """Whether more may be read from the client: not while it does not read its answers."""
        return self._connection.answer_bytes < ANSWERS_BYTES

    def start(self) -> None:
        """Sends `welcome`, and each wanted session's bytes."""
        self._connection.use(SHEDDING)
        self._connection.on_caught_up = self._caught_up
        index = self.services.table.index
        first, *more = layout_tree.layout_trees(index)
        status = None if index is None else index.layout.iterm2
        welcome = Welcome(
            id=self._hello.id,
            server=_SERVER,
            iterm2=Iterm2State(
                connected=index is not None and index.connected, version=None if status is None else status.version
            ),
            layout=first,
        )
        self._connection.send(wire.line(welcome))
        for tree in more:
            self._connection.send(wire.line(Layout(**_keys(tree))))
        self._told = index
        resume = {name: Position(place.epoch, place.offset) for name, place in self._hello.resume.items()}
        wanted = self._hello.sessions
        self.subscriptions.add(() if wanted == "none" else wanted, {} if wanted == "none" else resume)
        self._tell_missing(index)

    def close(self) -> None:
        """The client is gone."""
        self._closed = True
        self.subscriptions.close()

    # --- what happens ---

    def layout_changed(self, index: LayoutIndex) -> None:
        """Tells the client what differs from what it was told."""
        before, self._told = self._told, index
        if before is None or before.connected != index.connected:
            self._tell(wire.line(Iterm2(connected=index.connected, reason=index.layout.iterm2.reason)))
        if index.connected:
            if before is None or not before.connected or layout_tree.shape(before) != layout_tree.shape(index):
                self._tell_layout(index)
            if before is not None:
                for change in layout_tree.changes(before, index):
                    self._tell(wire.line(change))
                if layout_tree.focus(before) != layout_tree.focus(index):
                    self._tell(wire.line(layout_tree.focus(index)))
                if before.connected:
                    self._tell_closed(before.sessions.keys() - index.sessions.keys())
        self.subscriptions.keep(index)
        self._tell_missing(index)

    def config_changed(self, session_id: str, config: Config) -> None:
        if self.subscriptions.get(session_id) is not None:
            self._tell(dialect2_lines.config_line(session_id, config))

    def _ask_config(self, session_id: str) -> None:
        """A subscription begins: the client is told the session's profile, if it can be had now."""

        def got(result: ConfigResult, _payload: bytes) -> None:
            if not self._closed:
                self.config_changed(session_id, result.config)

        def refused(error: RequestError) -> None:
            log.debug("%s: no profile: %s", session_id, error)

        self.services.upstream.broker.ask(GetConfig(session_id=session_id), ConfigResult, got, refused)

    def screen_changed(self, snapshot: SessionSnapshot, repaint: bytes) -> None:
        subscription = self.subscriptions.get(snapshot.session_id)
        if subscription is not None:
            subscription.show(snapshot, repaint)

    @property
    def key(self) -> str:
        """Whose lines the layout's are, to the client's queue."""
        return "layout"

    def take_back(self, before: object) -> None:
        """What the client was to be told of the layout was dropped: it gets all of it when it has read the rest."""
        self._told_layout = False

    def _tell(self, line: bytes) -> None:
        self._connection.send_output([line], self)

    def _tell_layout(self, index: LayoutIndex) -> None:
        for tree in layout_tree.layout_trees(index):
            self._tell(wire.line(Layout(**_keys(tree))))

    def _tell_closed(self, session_ids: set[str]) -> None:
        for session_id in sorted(session_ids):
            self.subscriptions.forget(session_id)
            self._connection.send(wire.line(Closed(session_id=session_id)))

    def _tell_missing(self, index: LayoutIndex | None) -> None:
        if index is not None and index.connected:
            self._tell_closed(self.subscriptions.missing(index))

    def _caught_up(self) -> None:
        log.info("client %d has caught up; it gets snapshots", self.identity.number)
        if not self._told_layout:
            self._told_layout = True
            index = self._told
            if index is not None:
                self._tell(wire.line(Iterm2(connected=index.connected, reason=index.layout.iterm2.reason)))
                self._tell_layout(index)
        self.subscriptions.caught_up()

    # --- requests ---

    def receive(self, line: bytes | TooLongLine) -> None:
        """Carries out one line of the client, and answers it."""
        if line == b"":
            return
        self._requests += 1
        answer = Answer(self, dialect2.id_of(line))
        try:
            if self._requests > REQUESTS_PER_CLIENT:
                raise Busy(f"{REQUESTS_PER_CLIENT} requests of this client wait for their answers already")
            name = wire.type_of(line)
            assert isinstance(line, bytes)
            request = dialect2.parse(line, name)
            if self._hello.read_only and isinstance(request, CHANGING):
                raise ReadOnly(f"{name}: this client is read-only by its hello")
            TABLE[type(request)](self, request, answer)
        except RequestError as error:
            answer.refuse(error)
        except Exception as error:  # A defect of ours must not end the other clients' connections.
            # Without the exception's text, which could hold what the client typed.
            log.error("a request failed: %s at\n%s", type(error).__name__, "".join(format_tb(error.__traceback__)))
            answer.refuse(Internal("the gateway failed to carry this out; its log says where"))

    def take_answer(self, line: bytes) -> None:
        self._requests -= 1
        if line and not self._closed:
            self._connection.send(line, overtakes=True)

    def send(self, lines: list[bytes]) -> None:
        """Lines that answer a request."""
        if not self._closed:
            for line in lines:
                self._connection.send(line, overtakes=True)

    def hurry(self) -> None:
        """The client has typed."""
        self._connection.hurry()

    def begin_snapshot(self, most: int) -> None:
        """Counts a snapshot that is asked for. Raises `Busy` when `most` of them are under way."""
        if self._snapshots >= most:
            raise Busy(f"snapshot: this client waits for {most} of them already")
        self._snapshots += 1

    def end_snapshot(self) -> None:
        self._snapshots -= 1

    def index(self) -> LayoutIndex:
        """The layout. Raises `Iterm2Unavailable`."""
        index = self.services.table.index
        if index is None or not index.connected:
            raise Iterm2Unavailable("iTerm2 is not available at the moment")
        return index

    def check_session(self, session_id: str) -> str:
        """The id of a live session. Raises `NoSuchSession`."""
        if session_id not in self.index().sessions:
            raise NoSuchSession(f"there is no session {wire.quoted(session_id)}")
        return session_id


def _keys(tree: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(tree, name) for name in tree.__struct_fields__}
