"""Garbage at every socket of a running system: nothing dies, grows, hangs or gets into a log."""

import array
import json
import os
import random
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgpack
import psutil
import pytest
import zmq
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bus import rpc, topics
from bus.messages.commands import GetLayout
from bus.paths import ipc
from tests.fuzz.conftest import MARK, Victim, talk
from tests.support import wait_until

fuzzed = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.just(MARK.decode()) | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5) | st.integers(-9, 9), inner, max_size=4)
    ),
    max_leaves=12,
)

#: Headers: any bytes, any MessagePack, and maps that are almost what is expected.
_HEADER = (
    st.binary(max_size=200)
    | _JUNK.map(lambda junk: msgpack.packb(junk, use_bin_type=True))
    | st.fixed_dictionaries(
        {"v": st.sampled_from([0, 1, 2, "1", -1]), "id": st.just(3) | _JUNK},
        optional={
            "deadline": st.just(9e9) | _JUNK,
            "command": st.fixed_dictionaries(
                {"type": st.sampled_from(["get_layout", "input", "replay", "note_size", "take_snapshot", "resize"])},
                optional={"session_id": _JUNK, "epoch": _JUNK, "offset": _JUNK, "limit": _JUNK, "columns": _JUNK},
            ),
            "epoch": _JUNK,
            "offset": _JUNK,
            "session_id": _JUNK,
            "windows": _JUNK,
        },
    ).map(msgpack.packb)
)

_PAYLOAD = st.binary(max_size=50).map(lambda data: data + MARK) | st.builds(lambda: MARK * 20_000)
_EVENTS = [b"event." + name for name in (b"layout", b"attached", b"snapshot", b"config", b"size", b"")]
_TOPIC = st.sampled_from(
    [*_EVENTS, b"stat.broker", b"", b"pty." + MARK, topics.pty("01234567-89AB-CDEF-0123-456789ABCDEF"), b"\xff", MARK]
)
_PARTS = st.lists(_HEADER | _PAYLOAD | _TOPIC, min_size=1, max_size=6) | st.tuples(_HEADER, _PAYLOAD).map(list)


@pytest.fixture(scope="module")
def context() -> Iterator[zmq.Context[zmq.Socket[bytes]]]:
    with zmq.Context() as made:
        yield made


def _socket(context: zmq.Context[zmq.Socket[bytes]], kind: int, path: Path) -> zmq.Socket[bytes]:
    made = context.socket(kind)
    made.linger = 2000
    made.connect(ipc(path))
    return made


@pytest.mark.parametrize("whose", ["broker", "worker"])
def test_requests(victim: Victim, context: zmq.Context[zmq.Socket[bytes]], whose: str) -> None:
    path = victim.paths.broker_rpc if whose == "broker" else victim.paths.session(victim.session_id).rpc
    with _socket(context, zmq.DEALER, path) as client:

        @fuzzed
        @given(_PARTS)
        def send(parts: list[bytes]) -> None:
            client.send_multipart(parts)

        send()
        client.send_multipart([b"x"] * 10_000)
        client.send_multipart(rpc.request_parts(999_999, GetLayout()))
        wait_until(lambda: b"\xce\x00\x0f\x42\x3f" in client.recv_multipart()[0], "an answer after all of it")
    victim.check()


def test_what_is_published(victim: Victim, context: zmq.Context[zmq.Socket[bytes]]) -> None:
    """Into `bus.feed`, where it reaches the broker, the gateway and every tracer."""
    with _socket(context, zmq.PUB, victim.paths.bus_feed) as publisher, context.socket(zmq.SUB) as tracer:
        tracer.subscribe(b"")
        tracer.connect(ipc(victim.paths.bus_pub))

        def through() -> bool:
            publisher.send_multipart([b"zz", b"", b""])
            return bool(tracer.poll(20))

        wait_until(through, "the proxy to pass things on")

        @fuzzed
        @given(st.builds(lambda topic, rest: [topic, *rest], _TOPIC, _PARTS))
        def send(parts: list[bytes]) -> None:
            publisher.send_multipart(parts)

        send()
        tracer.close()
    victim.check()


@pytest.mark.parametrize("whose", ["bus", "worker"])
def test_what_a_subscriber_sends(victim: Victim, context: zmq.Context[zmq.Socket[bytes]], whose: str) -> None:
    """Consumers' endpoints take nothing in but subscriptions."""
    path = victim.paths.bus_pub if whose == "bus" else victim.paths.session(victim.session_id).pub
    with _socket(context, zmq.XSUB, path) as subscriber:

        @fuzzed
        @given(_PARTS)
        def send(parts: list[bytes]) -> None:
            subscriber.send_multipart(parts)

        send()
        for number in range(2000):
            subscriber.send(b"\x01" + MARK + b"%d" % number)
    victim.check()


def _raw_sockets(victim: Victim) -> list[Path]:
    mine = victim.paths.session(victim.session_id)
    ours = [victim.paths.gateway_socket, victim.paths.headless_socket, victim.paths.iterm2_socket]
    return [*ours, victim.paths.bus_pub, victim.paths.bus_feed, victim.paths.broker_rpc, *mine.sockets]


def test_bytes_that_are_no_protocol(victim: Victim) -> None:
    """Into the connections themselves, libzmq's greeting and framing included."""
    zmtp = b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x01NULL" + b"\x00" * 48
    huge = zmtp + b"\x04\x26\x05READY" + b"\x02" + b"\xff" * 8 + MARK
    generator = random.Random(7)
    for path in _raw_sockets(victim):
        for data in (b"", b"\n" * 1000, MARK * 1000, zmtp, zmtp + generator.randbytes(500), huge, huge[:30]):
            talk(path, data, shut=False)
        for size in (1, 10, 100, 10_000):
            talk(path, generator.randbytes(size))
    victim.check()


@pytest.mark.parametrize("door", ["gateway_socket", "headless_socket"])
def test_lines(victim: Victim, door: str) -> None:
    path = getattr(victim.paths, door)
    keys = st.sampled_from(["type", "session_id", "data", "tab_id", "cols", "rows", "request", "name", "id", "version"])
    words = [
        "terminal_input",
        "terminal_resize",
        "tab_switch",
        "request_screen_refresh",
        "hello",
        "cookie",
        "statistics",
    ]
    values: st.SearchStrategy[Any] = st.sampled_from([*words, victim.session_id, MARK.decode(), "YQ==", 7, -1, None])

    def line(message: dict[str, Any]) -> bytes:
        return json.dumps(message).encode()

    @fuzzed
    @given(
        st.lists(
            st.dictionaries(keys, values).map(line) | st.binary(max_size=200) | _JUNK.map(repr).map(str.encode),
            max_size=9,
        )
    )
    def send(lines: list[bytes]) -> None:
        talk(path, b"\n".join(lines) + b"\n")

    send()
    talk(path, (MARK * 1_000_000)[:4_000_000])
    victim.check()


def _descriptors() -> dict[str, Callable[[], list[int]]]:
    """Ways to get the descriptors wrong. What is returned is closed by the test."""

    def both_ends() -> list[int]:
        return list(os.pipe())

    def files() -> list[int]:
        handle, name = tempfile.mkstemp()
        Path(name).unlink()
        return [handle, os.dup(handle)]

    def sockets() -> list[int]:
        pair = socket.socketpair()
        return [end.detach() for end in pair]

    return {
        "none": list,
        "one": lambda: both_ends()[:1],
        "swapped": lambda: both_ends()[::-1],
        "many": lambda: [number for _ in range(50) for number in both_ends()],
        "files": files,
        "devices": lambda: [os.open("/dev/null", os.O_RDWR), os.open("/dev/zero", os.O_RDONLY)],
        "folders": lambda: [os.open("/", os.O_RDONLY), os.open("/tmp", os.O_RDONLY)],
        "closed sockets": sockets,
    }


def _greetings(session_id: str) -> list[bytes]:
    good = b"attach 1 %s -\n" % session_id.encode()
    wrong = [
        good[:-1],
        good[:5],
        good + good,
        good.replace(b"1 ", b"2 ", 1),
        good.lower(),
        good.replace(b"-\n", b"../a\n"),
        MARK * 100,
        b"\x00",
    ]
    return [good.replace(session_id[-1:].encode(), b"x"), *wrong]


def _descriptors_of(victim: Victim) -> int:
    pid = victim.supervisorctl()[f"pty-{victim.session_id}"][1]
    return psutil.Process(pid).num_fds()


@pytest.mark.parametrize("kind", _descriptors())
def test_the_hand_over(victim: Victim, kind: str) -> None:
    """Every wrong greeting with every wrong set of descriptors; none is kept, none displaces the true one."""
    path = victim.paths.session(victim.session_id).attach
    before = _descriptors_of(victim)
    greetings = _greetings(victim.session_id)
    if kind in ("none", "one", "many", "files", "devices", "folders"):
        greetings.append(b"attach 1 %s -\n" % victim.session_id.encode())
    for greeting in greetings:
        given_away = _descriptors()[kind]()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as rude:
            rude.settimeout(10)
            rude.connect(str(path))
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", given_away))
            rude.sendmsg([greeting], [rights] if given_away else [])
            with suppress(ConnectionResetError):
                assert rude.recv(10) in (b"no\n", b"")
        for number in given_away:
            os.close(number)
    victim.check()
    wait_until(lambda: _descriptors_of(victim) <= before + 1, "what was refused to be closed")


def test_silent_connections_keep_nobody_out(victim: Victim) -> None:
    """More silent ones than may wait, at every door; the true clients still get in, and at the end nothing is kept."""
    silent = []
    try:
        for path in _raw_sockets(victim):
            for _ in range(30):
                quiet = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                quiet.setblocking(False)
                silent.append(quiet)
                try:
                    quiet.connect(str(path))
                except BlockingIOError:
                    continue
        victim.check()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as late:
            late.settimeout(10)
            late.connect(str(victim.paths.session(victim.session_id).attach))
            late.sendall(b"attach 1 nobody\n")
            assert late.recv(10) == b"no\n", "one that speaks is heard before those that are silent"
    finally:
        for quiet in silent:
            quiet.close()
    victim.check()
