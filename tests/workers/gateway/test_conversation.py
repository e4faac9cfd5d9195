"""What one client may have on its way, and what a client is told while there is no iTerm2."""

import base64
import json
import socket
from collections.abc import Iterator

import pytest

from bus.config import Gateway
from bus.messages.layout import Iterm2Status, Layout, Session, Split, Tab, Window
from tests.workers.gateway.playbook import SESSION, Broker, Clock, Worker
from workers.gateway.audit import NoAudit
from workers.gateway.claims import Claims
from workers.gateway.connection import Connection
from workers.gateway.conversation import TYPING_BYTES, Conversation
from workers.gateway.identity import Identity
from workers.gateway.leases import Leases
from workers.gateway.reader import Upstream
from workers.gateway.services import Services
from workers.gateway.session_table import SessionTable
from workers.gateway.typist import Typist


class Play:
    """A client that has just connected; nothing is behind the gateway yet."""

    def __init__(self) -> None:
        self.clock = Clock()
        upstream = Upstream(Broker(), Worker())  # type: ignore[arg-type]
        self.table = SessionTable(*upstream, self.clock.timers)
        claims = Claims()
        services = Services(
            table=self.table,
            upstream=upstream,
            timers=self.clock.timers,
            claims=claims,
            leases=Leases(upstream.broker, self.clock.timers, lambda _session_id: None),
            typist=Typist(self.table, claims, NoAudit()),
        )
        ours, self.client = socket.socketpair()
        self.client.setblocking(False)
        self.connection = Connection(ours, 1, 1 << 20)
        self.conversation = Conversation(self.connection, Identity(1), services, Gateway())

    def received(self) -> list[dict[str, object]]:
        self.connection.flush()
        try:
            return [json.loads(line) for line in self.client.recv(1 << 20).splitlines()]
        except BlockingIOError:
            return []

    def layout(self, state: str, reason: str = "") -> None:
        pane = Session(session_id=SESSION, title="t", columns=80, rows=25)
        tab = Tab(tab_id="1", root=Split(vertical=False, children=(pane,)), active_session_id=SESSION)
        window = Window(window_id="w", number=0, tabs=(tab,), selected_tab_id="1")
        status = Iterm2Status(state=state, reason=reason)  # type: ignore[arg-type]
        windows = (window,) if state == "connected" else ()
        layout = Layout(broker="b", revision=1, iterm2=status, windows=windows, active_window_id="w")
        self.conversation.layout_changed(self.table.apply(layout))


@pytest.fixture
def play() -> Iterator[Play]:
    made = Play()
    yield made
    made.connection.release()
    made.client.close()


def test_a_client_that_types_faster_than_its_session_reads_is_not_read_from(play: Play) -> None:
    play.layout("connected")
    line = json.dumps(
        {"type": "terminal_input", "session_id": SESSION, "data": base64.b64encode(bytes(500_000)).decode()}
    ).encode()
    sent = 0
    while play.conversation.wants_input:
        play.conversation.receive(line)
        sent += 500_000
        assert sent <= TYPING_BYTES + 500_000
    assert sent >= TYPING_BYTES


def test_a_client_that_comes_during_a_start_is_served_when_all_is_there(play: Play) -> None:
    play.conversation.start()
    play.clock.pass_seconds(1.0)
    assert play.received() == []
    play.layout("connected")
    assert [message["type"] for message in play.received()] == ["sessions"]
    play.clock.pass_seconds(5.0)
    assert play.received() == []


def test_a_client_is_told_once_why_there_is_nothing(play: Play) -> None:
    play.conversation.start()
    play.layout("not_running", "iTerm2 is not running")
    play.clock.pass_seconds(5.0)
    [message] = play.received()
    assert message["type"] == "error"
    assert "iTerm2 is not running" in str(message["message"])
    play.layout("connected")
    assert [message["type"] for message in play.received()] == ["sessions"]


def test_before_there_is_iterm2_requests_are_refused(play: Play) -> None:
    for line in (b'{"type":"tab_create"}', b'{"type":"request_screen_refresh"}', b'{"type":"tab_close","tab_id":"1"}'):
        play.conversation.receive(line)
        [message] = play.received()
        assert (message["type"], message["code"]) == ("error", "iterm2_unavailable")
