"""Two versions of the bus meet: a request is refused in words, a published message is dropped and told once."""

import logging
import subprocess
import sys

import msgpack
import pytest

from bus import codec, rpc, topics
from bus.dropped import Dropped
from bus.errors import ProtocolError, UnsupportedVersion
from bus.messages.commands import GetPosition
from bus.messages.results import Position
from bus.version import BUS_VERSION
from tests.support import wait_until
from tests.workers.pty.conftest import SESSION, Rig, rig  # noqa: F401

NEXT = BUS_VERSION + 1


def _decoded(parts: list[bytes]) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        codec.decode_published(parts)
    return caught.value


def _frame(version: int, session_id: str = SESSION) -> list[bytes]:
    return [topics.pty(session_id), msgpack.packb({"v": version, "new": "shape"}), b"secret"]


def test_a_request_of_another_version_is_refused_with_both_and_what_to_restart() -> None:
    with pytest.raises(codec.WrongVersion) as caught:
        codec.decode_request([msgpack.packb({"v": NEXT, "id": 7, "order": ["another", "shape"]}), b""])
    parts = rpc.version_refusal_parts(caught.value, "broker")
    assert parts is not None
    reply, _ = codec.decode_reply(parts)
    assert reply.id == 7
    with pytest.raises(UnsupportedVersion, match=r"speaks bus version 1, the request is version 2: .*restart broker"):
        rpc.unwrap(reply, Position)


def test_the_older_one_is_to_be_restarted() -> None:
    with pytest.raises(codec.WrongVersion) as caught:
        codec.decode_request([msgpack.packb({"v": 0, "id": 7}), b""])
    parts = rpc.version_refusal_parts(caught.value, "broker")
    assert parts is not None
    assert b"restart the process that asked, or everything with `itermbus restart all`" in parts[0]


@pytest.mark.parametrize("header", [{"v": NEXT}, {"v": NEXT, "id": "7"}, {"v": NEXT, "id": -1}, {"id": 7}, {}])
def test_what_is_no_request_of_any_version_is_not_answered(header: dict[str, object]) -> None:
    with pytest.raises(ProtocolError) as caught:
        codec.decode_request([msgpack.packb(header), b""])
    assert rpc.version_refusal_parts(caught.value, "broker") is None


def test_a_publisher_of_another_version_is_named_once_for_each_change(caplog: pytest.LogCaptureFixture) -> None:
    dropped = Dropped(logging.getLogger("test"), "a frame", "gateway")
    other = SESSION.replace("1", "2")
    for version, session_id in (
        [(NEXT, SESSION)] * 50 + [(NEXT, other)] * 50 + [(NEXT + 1, SESSION)] * 50 + [(0, other)]
    ):
        dropped.take(_decoded(_frame(version, session_id)))
    assert dropped.count == 151
    texts = [record.getMessage() for record in caplog.records]
    assert [text.partition(": ")[2] for text in texts] == [
        "a message of bus version 2, and this process speaks 1: restart it with `itermbus restart gateway`",
        "a message of bus version 2, and this process speaks 1: restart it with `itermbus restart gateway`",
        "a message of bus version 3, and this process speaks 1: restart it with `itermbus restart gateway`",
        f"a message of bus version 0, and this process speaks 1: restart it with `itermbus restart pty-{other}`",
    ]


def test_a_flood_of_garbage_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    dropped = Dropped(logging.getLogger("test"), "a frame", "gateway")
    for _ in range(10_000):
        dropped.take(_decoded([b"a", b"b", b"c"]))
    assert dropped.count == 10_000
    assert len(caplog.records) == 14


_OF_THE_NEXT_VERSION = f"""
import sys
import bus.version
bus.version.BUS_VERSION = {NEXT}
sys.argv[1:] = [{SESSION!r}]
from workers.pty.__main__ import main
sys.exit(main())
"""


def test_a_real_worker_of_the_next_version_and_we_understand_each_other(rig: Rig) -> None:  # noqa: F811
    """No released process speaks another version yet, so one is made by changing the number before it is imported."""
    worker = subprocess.Popen(
        [sys.executable, "-P", "-c", _OF_THE_NEXT_VERSION], env=rig.env, stdin=-3, stdout=-3, stderr=subprocess.PIPE
    )
    rig.processes.append(worker)
    wait_until(rig.session.rpc.exists, "the worker's socket")
    with pytest.raises(UnsupportedVersion) as caught:
        rig.rpc.call(GetPosition(), Position)
    assert str(caught.value) == (
        f"pty-{SESSION}: this process speaks bus version 2, the request is version 1: "
        "restart the process that asked, or everything with `itermbus restart all`"
    )
    worker.terminate()
    worker.wait()
    assert worker.stderr is not None
    assert worker.stderr.read().count(b"bus version 1, and this process speaks 2") == 1


def test_a_real_worker_refuses_a_request_of_the_next_version(rig: Rig) -> None:  # noqa: F811
    rig.start_worker()
    wait_until(rig.position, "the worker")
    header = msgpack.unpackb(rpc.request_parts(5, GetPosition())[0])
    rig.rpc._socket.send_multipart([msgpack.packb(header | {"v": NEXT}), b""])
    reply, _ = codec.decode_reply(rig.rpc._socket.recv_multipart())
    assert reply.id == 5
    assert reply.refusal is not None
    assert reply.refusal.code == "unsupported_version"
    assert f"itermbus restart pty-{SESSION}" in reply.refusal.message
    assert rig.position() is not None
