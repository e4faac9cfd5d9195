"""Clients that do not read, or read slowly: they wait alone, are shed, and recover."""

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psutil
import pytest
import zmq

from bus.limits import CLIENT_BACKLOG_BYTES, FRAME_BYTES
from bus.messages.stat import GatewayFigures, Stat
from bus.sockets import SUBSCRIBE_HWM
from bus.subscriber import Subscriber
from tests.end_to_end.client2 import Client2
from tests.end_to_end.system import System
from tests.support import wait_until
from workers.gateway.connection import LINE_COST_BYTES

#: What the gateway may need beyond what it needs at rest, with two clients that never read, one that reads 1 KB/s and
#: eight normal ones: what may wait for one client, for its lines are shared; what each of the eleven has of its own for
#: each line; and what waits on the bus. A line of a flood is at least one read of a PTY.
_FLOOD = 30_000_000
_LINES = _FLOOD // 2048
_MEMORY = CLIENT_BACKLOG_BYTES + 11 * _LINES * LINE_COST_BYTES + SUBSCRIBE_HWM * FRAME_BYTES


#: A ring that holds all of the flood: on a busy machine the gateway itself may be behind for a moment.
CONFIG = f"[worker]\nring_bytes = {2 * _FLOOD}\n"


@pytest.fixture
def connect2(system: System, fresh_session: str) -> Iterator[Callable[..., Client2]]:
    """Connects clients of the session; each says hello at once, before it is taken for one of dialect 1."""
    with ExitStack() as stack:

        def connect(**how: object) -> Client2:
            client = Client2(system.paths.gateway_socket, **how)  # type: ignore[arg-type]
            stack.callback(client.close)
            client.send("hello", version=2, sessions=[fresh_session])
            return client

        yield connect


def _gateway(system: System) -> psutil.Process:
    return psutil.Process(system.supervisorctl()["gateway"][1])


def _dropped_backlogs(system: System) -> int:
    """How often the gateway has shed a client."""
    with zmq.Context() as context, Subscriber(context, [system.paths.bus_pub], [b"stat.gateway"]) as subscriber:
        stat = subscriber.receive(10)
        assert isinstance(stat, Stat)
        assert isinstance(stat.figures, GatewayFigures)
        return stat.figures.backlogs_dropped


def test_slow_clients_are_shed_and_recover_and_the_others_get_every_byte(
    system: System,
    connect2: Callable[..., Client2],
    fresh_session: str,
    record_property: Callable[[str, object], None],
) -> None:
    normal = [connect2(keep=False) for _ in range(8)]
    # Whoever types is shed sooner, should the machine be too busy to run it.
    typist = connect2(reads=False)
    deaf, slow = connect2(reads=False), connect2(bytes_per_second=1000)
    for client in (*normal, slow):
        client.expect("snapshot")
    dropped = _dropped_backlogs(system)
    gateway = _gateway(system)
    before = peak = gateway.memory_info().rss
    typed = base64.b64encode(f"head -c {_FLOOD} /dev/zero | tr '\\0' x; echo don''e\n".encode()).decode()
    typist.send("input", id="flood", session_id=fresh_session, data=typed)

    def all_have_it() -> bool:
        nonlocal peak
        peak = max(peak, gateway.memory_info().rss)
        assert not any(client.stream(fresh_session).gaps for client in normal)
        return all(
            len(client.stream(fresh_session).data) > _FLOOD and client.ends_with(fresh_session, b"ready$ ")
            for client in normal
        )

    wait_until(all_have_it, "the end of the flood at the normal clients", seconds=120)
    record_property("gateway_mib_more", round((peak - before) / 2**20, 1))
    assert peak - before < _MEMORY
    for client in normal:
        stream = client.stream(fresh_session)
        assert stream.gaps == []
        assert stream.data.count(b"x") >= _FLOOD
    wait_until(lambda: _dropped_backlogs(system) >= dropped + 3, "the deaf ones and the slow one to be shed")
    deaf.go_on()
    slow.bytes_per_second = None
    for client in (deaf, slow):
        client.expect("gap")
        wait_until(
            lambda client=client: client.stream(fresh_session).end == normal[0].stream(fresh_session).end,
            "the last byte",
        )
        screen = [m for m in client.messages if m["type"] == "snapshot"][-1]
        assert b"done" in base64.b64decode(screen["data"])
        assert client.type(fresh_session, b"echo re''covered\n")["type"] == "result"
        client.wait_output(fresh_session, b"recovered\r\n")


def test_ctrl_c_under_a_flood_gives_a_quiet_and_right_screen_at_a_client_that_is_slow(
    connect2: Callable[..., Client2], fresh_session: str, record_property: Callable[[str, object], None]
) -> None:
    watcher = connect2(keep=False)
    watcher.expect("snapshot")
    slow = connect2(bytes_per_second=100 * 1024)
    slow.expect("snapshot")
    slow.type(fresh_session, b"yes\n")
    slow.expect("gap", seconds=60)
    wait_until(lambda: slow.received > 500_000, "a flood that has gone on for a while", seconds=60)
    pressed = time.monotonic()
    data = base64.b64encode(b"\x03").decode()
    slow.send("input", id="ctrl-c", session_id=fresh_session, data=data)

    def is_right() -> bool:
        """Where the stream ends, with the prompt in sight."""
        stream = slow.stream(fresh_session)
        if stream.end != watcher.stream(fresh_session).end or not watcher.ends_with(fresh_session, b"ready$ "):
            return False
        screens = [m for m in slow.messages if m["type"] == "snapshot"]
        return b"ready$" in base64.b64decode(screens[-1]["data"]) or slow.ends_with(fresh_session, b"ready$ ")

    wait_until(is_right, "the prompt at the slow client", seconds=20)
    record_property("seconds", round(time.monotonic() - pressed, 2))
