"""Sessions whose bytes nobody gets are shown by their screens, and only those, and only while it is so."""

import time
from collections.abc import Iterator

import psutil
import pyte
import pytest

from broker import iterm2_act, iterm2_create
from broker.attach import FOREIGN, STOPPED
from broker.looker import WATCHED
from broker.onlooker import PAUSE_SECONDS
from bus.codec import Event
from bus.messages.commands import Attach, GetPosition, SendText
from bus.messages.events import SessionSnapshot
from bus.messages.results import Done, Position
from bus.rpc import Client
from bus.subscriber import Subscriber
from tests.broker.host import Host
from tests.broker.system import System
from tests.broker.user import set_profile
from tests.end_to_end.node_client import NodeClient
from tests.support import wait_until

Pair = tuple[Host, System]

#: What the broker is subscribed to without any session: four kinds and the theme.
_ALWAYS = 5

#: And of each session beside its variables: its prompts.
_OF_EACH_SESSION = 1


def text_of(event: Event) -> str:
    """What a terminal shows after the repaint."""
    body = event.body
    assert isinstance(body, SessionSnapshot)
    emulator = pyte.Screen(body.columns, body.rows)
    pyte.ByteStream(emulator).feed(event.payload)
    return "\n".join(emulator.display)


def wait_shown(screens: Subscriber, session_id: str, text: str) -> Event:
    def receive() -> Event | None:
        message = screens.receive(0.1)
        if isinstance(message, Event) and isinstance(message.body, SessionSnapshot):
            return message if message.body.session_id == session_id and text in text_of(message) else None
        return None

    return wait_until(receive, f"{text!r} in a snapshot")


def foreign_session(host: Host, system: System) -> str:
    """A session that had another program's coprocess before the broker knew it."""
    broker = psutil.Process(system.pid("broker"))
    broker.suspend()
    try:
        made = system.as_user(lambda link: iterm2_create.create_tab(link, window_id=None))
        host.fault("run_coprocess", session=made.session_id, command="exec sleep 600")
    finally:
        broker.resume()
    system.wait_reason(made.session_id, FOREIGN)
    return made.session_id


def stopped_session(system: System) -> str:
    session_id = system.new_session().session_id
    system.as_user(lambda link: iterm2_act.stop_coprocess(link, session_id))
    system.wait_reason(session_id, STOPPED)
    return session_id


def screen_subscriptions(host: Host, system: System) -> int:
    """How many screens the broker follows."""
    (client,) = host.ask(request="statistics")["clients"]
    return int(client["subscriptions"]) - _ALWAYS - (len(WATCHED) + _OF_EACH_SESSION) * len(system.sessions())


@pytest.fixture
def screens(faulty: Pair) -> Iterator[Subscriber]:
    _, system = faulty
    with system.subscribe("snapshot") as subscriber:
        yield subscriber


def test_a_foreign_coprocess_leaves_the_session_to_snapshots_until_it_ends(faulty: Pair, screens: Subscriber) -> None:
    host, system = faulty
    before = screen_subscriptions(host, system)
    session_id = foreign_session(host, system)
    wait_until(lambda: screen_subscriptions(host, system) == before + 1, "its screen to be followed")
    system.call(SendText(session_id=session_id), Done, b"echo fore''ign\n")
    shown = wait_shown(screens, session_id, "foreign")
    assert isinstance(shown.body, SessionSnapshot)
    assert (shown.body.epoch, shown.body.offset) == (None, 0)
    assert shown.payload.startswith(b"\x1b[2J")
    host.fault("stop_coprocess", session=session_id)
    system.wait_attached(session_id)
    wait_until(lambda: screen_subscriptions(host, system) == before, "its screen to be followed no longer")


def test_what_the_user_stopped_is_shown_until_it_is_attached_again(faulty: Pair, screens: Subscriber) -> None:
    host, system = faulty
    before = screen_subscriptions(host, system)
    session_id = stopped_session(system)
    system.call(SendText(session_id=session_id), Done, b"echo stop''ped\n")
    wait_shown(screens, session_id, "stopped")
    system.call(Attach(session_id=session_id), Done)
    system.wait_attached(session_id)
    wait_until(lambda: screen_subscriptions(host, system) == before, "its screen to be followed no longer")


def test_a_screen_that_never_rests_is_told_five_times_a_second(faulty: Pair, screens: Subscriber) -> None:
    _, system = faulty
    session_id = stopped_session(system)
    began = time.monotonic()
    # An endless count in place, so that no two screens are equal.
    system.call(SendText(session_id=session_id), Done, b"i=0; while :; do i=$((i+1)); printf '\\r%s' go''ing$i; done\n")
    wait_shown(screens, session_id, "going")
    seen, until = 0, time.monotonic() + 2
    while time.monotonic() < until:
        message = screens.receive(0.1)
        seen += isinstance(message, Event) and getattr(message.body, "session_id", "") == session_id
    # Some may have waited for us since the count began.
    assert 2 <= seen <= (time.monotonic() - began) / PAUSE_SECONDS + 1
    system.call(SendText(session_id=session_id), Done, b"\x03")
    wait_shown(screens, session_id, "^C")


def test_what_did_not_change_is_not_told_again(faulty: Pair, screens: Subscriber) -> None:
    _, system = faulty
    session_id = stopped_session(system)
    system.call(SendText(session_id=session_id), Done, b"clear; echo sa''me\n")
    wait_shown(screens, session_id, "same")
    # Rounds, each half a second, look again; and the program paints what is there already.
    system.call(SendText(session_id=session_id), Done, b"sleep 1; printf '\\033[Hsame'; sleep 600\n")
    wait_shown(screens, session_id, "sleep 600")
    seen = 0
    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        message = screens.receive(0.1)
        seen += isinstance(message, Event) and getattr(message.body, "session_id", "") == session_id
    assert seen <= 2  # the end of the line that was typed, and the cursor's move


def test_today_s_client_sees_it_as_a_repaint(faulty: Pair) -> None:
    _, system = faulty
    session_id = stopped_session(system)
    client = NodeClient(system.paths.gateway_socket)
    try:
        client.wait_ready()
        client.type(session_id, b"echo re''painted\n")
        wait_until(lambda: any(b"repainted" in screen for screen in client.screens(session_id)), "the repaint")
        assert client.output(session_id) == b""
    finally:
        client.close()


def test_the_last_bytes_of_a_program_are_made_good(faulty: Pair, screens: Subscriber) -> None:
    """iTerm2 drops what it has not written to the coprocess when the program ends (sources/Tasks/PTYTask.m:98)."""
    _, system = faulty
    session_id = system.new_session().session_id
    system.as_user(lambda link: set_profile(link, session_id, {"Close Sessions On End": 0}))
    client = NodeClient(system.paths.gateway_socket)
    try:
        client.wait_ready()
        client.type(session_id, b"exec printf 'famous %s' last''words\n")
        shown = wait_shown(screens, session_id, "famous lastwords")
        with Client(system.context, system.paths.session(session_id).rpc) as worker:
            at = worker.call(GetPosition(), Position)[0]
        assert isinstance(shown.body, SessionSnapshot)
        assert (shown.body.epoch, shown.body.offset) == (at.epoch, at.head)
        wait_until(
            lambda: any(b"famous lastwords" in screen for screen in client.screens(session_id)), "the last repaint"
        )
    finally:
        client.close()
    assert session_id in system.sessions()
