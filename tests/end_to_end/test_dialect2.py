"""A client of dialect 2 against the whole system: every byte by its offset, every request answered."""

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise

import pytest
import zmq

from bus import rpc
from bus.messages.commands import Resize
from bus.messages.results import Size
from tests.contract import problem
from tests.end_to_end.client2 import Client2
from tests.end_to_end.node_client import NodeClient
from tests.end_to_end.system import System
from tests.support import wait_until


@pytest.fixture
def connect2(system: System) -> Iterator[Callable[..., Client2]]:
    """Connects clients and ends them with the test."""
    with ExitStack() as stack:

        def connect(**how: object) -> Client2:
            client = Client2(system.paths.gateway_socket, **how)  # type: ignore[arg-type]
            stack.callback(client.close)
            return client

        yield connect


@pytest.fixture
def client2(connect2: Callable[..., Client2], fresh_session: str) -> Client2:
    """A client that was connected after the session was at rest: its first snapshot is followed by bytes only."""
    client = connect2()
    client.hello(client="tester")
    # What is printed before the snapshot is taken is on it, and comes as no `data`.
    client.expect("snapshot", lambda m: m["session_id"] == fresh_session)
    return client


def _rest_of(client: Client2, session_id: str, other: Client2) -> bool:
    return client.stream(session_id).end == other.stream(session_id).end


def test_a_node_client_that_says_hello_gets_dialect_2(connect: Callable[..., NodeClient], fresh_session: str) -> None:
    node = connect()
    node.send("hello", version=2, id=1, client="node")
    welcome = node.expect("welcome")
    assert node.messages[0] == welcome
    assert welcome["id"] == 1
    assert welcome["iterm2"]["connected"] is True
    node.expect("snapshot", lambda m: m["session_id"] == fresh_session)
    node.send("input", id="i", session_id=fresh_session, data=base64.b64encode(b"echo no''de\n").decode())
    assert node.expect("result", lambda m: m["id"] == "i")["written"] == 12

    def seen() -> bytes:
        return b"".join(
            base64.b64decode(m["data"])
            for m in node.messages
            if m["type"] == "data" and m["session_id"] == fresh_session
        )

    wait_until(lambda: b"node\r\n" in seen(), "its output")
    assert [problem(message, 2) for message in node.messages if problem(message, 2)] == []


def test_a_node_client_resumes_where_it_stood(connect: Callable[..., NodeClient], fresh_session: str) -> None:
    def bytes_of(node: NodeClient) -> bytes:
        return b"".join(
            base64.b64decode(m["data"])
            for m in node.messages
            if m["type"] == "data" and m["session_id"] == fresh_session
        )

    first = connect()
    first.send("hello", version=2, sessions=[fresh_session])
    begin = first.expect("snapshot")
    first.close()
    again = connect()
    again.send("hello", version=2, sessions="none")
    again.expect("welcome")
    again.send("input", session_id=fresh_session, data=base64.b64encode(b"echo mis''sed\n").decode())
    again.expect("result")
    place = {fresh_session: {"epoch": begin["epoch"], "offset": begin["offset"]}}
    again.send("subscribe", sessions=[fresh_session], resume=place)
    wait_until(lambda: b"missed\r\n" in bytes_of(again), "what was missed")
    data = [m for m in again.messages if m["type"] == "data"]
    assert data[0]["offset"] == begin["offset"]
    assert all(before["next"] == after["offset"] for before, after in pairwise(data))
    assert not [m for m in again.messages if m["type"] in ("gap", "snapshot")]


def test_data_goes_on_exactly_at_the_snapshot(client2: Client2, fresh_session: str) -> None:
    screen = client2.expect("snapshot", lambda m: m["session_id"] == fresh_session)
    client2.type(fresh_session, b"echo $((40+2))-yes\n")
    client2.wait_output(fresh_session, b"42-yes")
    first = client2.expect("data", lambda m: m["session_id"] == fresh_session)
    assert first["offset"] == screen["offset"]
    assert first["epoch"] == screen["epoch"]


def test_a_resume_from_an_older_offset_than_the_ring_is_a_gap_and_a_snapshot(
    connect2: Callable[..., Client2], client2: Client2, fresh_session: str
) -> None:
    screen = client2.expect("snapshot", lambda m: m["session_id"] == fresh_session)
    client2.type(fresh_session, b"head -c 6000000 /dev/zero | tr '\\0' x; echo don''e\n")
    client2.wait_output(fresh_session, b"done", seconds=60)
    late = connect2()
    place = {fresh_session: {"epoch": screen["epoch"], "offset": screen["offset"]}}
    late.hello(sessions=[fresh_session], resume=place)
    gap = late.expect("gap")
    again = late.expect("snapshot")
    assert (gap["from"], gap["to"]) == (screen["offset"], again["offset"])


def test_a_resume_from_beyond_the_end_or_of_another_epoch_is_a_snapshot(
    connect2: Callable[..., Client2], client2: Client2, fresh_session: str
) -> None:
    epoch = client2.expect("snapshot", lambda m: m["session_id"] == fresh_session)["epoch"]
    for place in ({"epoch": epoch, "offset": 2**50}, {"epoch": "another", "offset": 0}):
        other = connect2()
        other.hello(sessions=[fresh_session], resume={fresh_session: place})
        other.expect("snapshot")
        assert not [m for m in other.messages if m["type"] == "gap"]
        other.type(fresh_session, b"echo goes-$((1+1))\n")
        other.wait_output(fresh_session, b"goes-2")


def test_a_resume_from_before_a_resize_begins_with_a_snapshot(
    connect2: Callable[..., Client2], client2: Client2, fresh_session: str
) -> None:
    place = client2.expect("snapshot", lambda m: m["session_id"] == fresh_session)
    client2.type(fresh_session, b"echo be''fore\n")
    client2.wait_output(fresh_session, b"before")
    size = client2.ask("resize", session_id=fresh_session, columns=91, rows=23, lease=60)
    assert (size["columns"], size["rows"]) == (91, 23)
    told = client2.expect("size", lambda m: m["session_id"] == fresh_session and m["columns"] == 91)
    assert told["offset"] >= place["offset"]
    late = connect2()
    late.hello(sessions=[fresh_session], resume={fresh_session: {"epoch": place["epoch"], "offset": place["offset"]}})
    assert late.expect("gap")["from"] == place["offset"]
    assert late.expect("snapshot")["columns"] == 91


def test_a_leased_size_returns_when_the_lease_or_the_connection_ends(
    connect2: Callable[..., Client2], client2: Client2, fresh_session: str
) -> None:
    screen = client2.expect("snapshot", lambda m: m["session_id"] == fresh_session)
    old = (screen["columns"], screen["rows"])

    def size() -> tuple[int, int]:
        told = [m for m in client2.messages if m["type"] == "size" and m["session_id"] == fresh_session]
        return (told[-1]["columns"], told[-1]["rows"]) if told else old

    phone = connect2()
    phone.hello(client="phone", sessions="none")
    phone.ask("resize", session_id=fresh_session, columns=60, rows=20, lease=1)
    wait_until(lambda: size() == (60, 20), "the phone's size")
    wait_until(lambda: size() == old, "the old size after the lease")
    phone.ask("resize", session_id=fresh_session, columns=61, rows=21, lease=600)
    wait_until(lambda: size() == (61, 21), "the phone's size")
    refused = client2.ask("resize", session_id=fresh_session, columns=62, rows=22, lease=600)
    assert (refused["code"], refused["holder"]) == ("busy", "phone")
    phone.close()
    wait_until(lambda: size() == old, "the old size after the connection")


def test_a_renewed_lease_leaves_the_size_that_the_user_has_set(
    system: System, connect2: Callable[..., Client2], client2: Client2, fresh_session: str
) -> None:
    client2.expect("snapshot", lambda m: m["session_id"] == fresh_session)

    def sizes() -> list[tuple[int, int]]:
        return [
            (m["columns"], m["rows"])
            for m in client2.messages
            if m["type"] == "size" and m["session_id"] == fresh_session
        ]

    phone = connect2()
    phone.hello(client="phone", sessions="none")
    phone.ask("resize", session_id=fresh_session, columns=60, rows=20, lease=600)
    with zmq.Context() as context, rpc.Client(context, system.paths.broker_rpc) as broker:
        broker.call(Resize(session_id=fresh_session, columns=72, rows=21), Size, seconds=15)
    wait_until(lambda: sizes()[-1:] == [(72, 21)], "the user's size")

    def renewed() -> bool:
        answer = phone.ask("resize", session_id=fresh_session, columns=60, rows=20, lease=600)
        return (answer["columns"], answer["rows"]) == (72, 21)

    wait_until(renewed, "the layout to tell the gateway of the user's size")
    phone.ask("resize", session_id=fresh_session, columns=61, rows=21, lease=600)
    wait_until(lambda: sizes()[-1:] == [(61, 21)], "another size, which is another wish")
    phone.close()
    wait_until(lambda: sizes()[-1:] == [(72, 21)], "the user's size after the connection")
    assert sizes()[-3:] == [(72, 21), (61, 21), (72, 21)]


def test_a_claim_keeps_others_out_until_its_holder_goes(
    connect: Callable[..., NodeClient], connect2: Callable[..., Client2], client2: Client2, fresh_session: str
) -> None:
    holder = connect2()
    holder.hello(client="holder", sessions="none")
    assert holder.ask("claim", session_id=fresh_session)["type"] == "result"
    refused = client2.type(fresh_session, b"x")
    assert (refused["code"], refused["holder"], refused.get("written", 0)) == (
        "busy",
        "holder",
        0,
    )
    old = connect()
    old.wait_ready()
    old.type(fresh_session, b"x")
    assert "holder" in old.expect("error")["message"]
    assert holder.type(fresh_session, b"echo mi''ne\n")["type"] == "result"
    client2.wait_output(fresh_session, b"mine\r\n")
    holder.close()
    wait_until(lambda: client2.type(fresh_session, b"\n")["type"] == "result", "the claim to end")


def test_a_late_hello_moves_a_client_over(connect: Callable[..., NodeClient], fresh_session: str) -> None:
    node = connect()
    node.wait_ready()
    node.send("hello", version=3, id=1)
    assert node.expect("error")["code"] == "unsupported_version"
    node.send("terminal_input", session_id=fresh_session, data=base64.b64encode(b"echo st''ill\n").decode())
    node.wait_output(fresh_session, b"still\r\n")
    node.send("hello", version=2, id=2, sessions="none")
    node.expect("welcome")
    since = len(node.messages)
    node.send("hello", version=2, id=3)
    assert node.expect("error", since=since)["code"] == "invalid"
    node.send("ping", id=4)
    node.expect("result", since=since)
    assert not [m for m in node.messages[since:] if m["type"] == "terminal_data"]


def test_a_read_only_client_changes_nothing(connect2: Callable[..., Client2], fresh_session: str) -> None:
    client = connect2()
    client.hello(read_only=True, sessions="none")
    for kind, keys in (
        ("input", {"session_id": fresh_session, "data": "eA=="}),
        ("resize", {"session_id": fresh_session, "columns": 80, "rows": 24, "lease": 5}),
        ("activate", {"session_id": fresh_session}),
        ("create_window", {}),
        ("create_tab", {}),
        ("split", {"session_id": fresh_session}),
        ("close", {"session_id": fresh_session}),
        ("claim", {"session_id": fresh_session}),
    ):
        assert client.ask(kind, **keys)["code"] == "read_only", kind
    assert client.ask("profile", session_id=fresh_session)["config"]["scrollback"] >= 0
    assert client.ask("snapshot", session_id=fresh_session)["type"] == "snapshot"
    assert client.ask("ping")["type"] == "result"


def test_a_subscription_begins_with_the_profile(connect2: Callable[..., Client2], fresh_session: str) -> None:
    client = connect2()
    client.hello(sessions=[fresh_session])
    assert len(client.expect("config", lambda m: m["session_id"] == fresh_session)["ansiColors"]) == 16


def test_queries_are_stripped_and_counted_where_asked(
    connect2: Callable[..., Client2], client2: Client2, fresh_session: str
) -> None:
    stripped = connect2()
    stripped.hello(strip_queries=True, sessions=[fresh_session])
    stripped.expect("snapshot")
    client2.expect("snapshot", lambda m: m["session_id"] == fresh_session)
    client2.type(fresh_session, b"printf 'a\\033[5nb''c\\n'; read -r -n 4 -s reply; echo don''e\n")
    client2.wait_output(fresh_session, b"done")
    stripped.wait_output(fresh_session, b"done")
    assert b"a\x1b[5nbc" in client2.output(fresh_session)
    assert b"abc" in stripped.output(fresh_session)
    wait_until(lambda: _rest_of(stripped, fresh_session, client2), "the same offset")


def test_credit_holds_a_session_back_and_lets_it_go_on(
    connect2: Callable[..., Client2], client2: Client2, fresh_session: str
) -> None:
    slow = connect2()
    slow.hello(sessions=[fresh_session], window=1000)
    begin = slow.expect("snapshot")["offset"]
    client2.type(fresh_session, b"seq 2000; echo don''e\n")
    client2.wait_output(fresh_session, b"done")
    wait_until(lambda: slow.stream(fresh_session).end == begin + 1000, "all that the credit allows")
    slow.ask("ping")
    assert slow.stream(fresh_session).end == begin + 1000
    slow.send("credit", session_id=fresh_session, bytes=500)
    wait_until(lambda: slow.stream(fresh_session).end == begin + 1500, "500 bytes more")
    slow.send("credit", session_id=fresh_session, bytes=1_000_000)
    slow.wait_output(fresh_session, b"done")
    assert slow.stream(fresh_session).gaps == []
    assert slow.ask("credit", session_id=fresh_session, bytes=0)["code"] == "invalid"


def test_what_does_not_fit_the_ring_while_there_is_no_credit_is_a_gap(
    connect2: Callable[..., Client2], client2: Client2, fresh_session: str
) -> None:
    slow = connect2()
    slow.hello(sessions=[fresh_session], window=1000)
    slow.expect("snapshot")
    client2.type(fresh_session, b"head -c 6000000 /dev/zero | tr '\\0' x; echo don''e\n")
    client2.wait_output(fresh_session, b"done", seconds=60)
    slow.send("credit", session_id=fresh_session, bytes=10_000_000)
    slow.expect("gap")
    client2.type(fresh_session, b"echo af''ter\n")
    slow.wait_output(fresh_session, b"after")


def test_tabs_and_windows_come_and_go(client2: Client2) -> None:
    made = client2.ask("create_tab")
    assert made["type"] == "result"
    client2.expect("snapshot", lambda m: m["session_id"] == made["session_id"])
    half = client2.ask("split", session_id=made["session_id"], vertical=True)
    assert half["tab_id"] == made["tab_id"]
    layout = wait_until(
        lambda: next((m for m in client2.messages if m["type"] == "layout" and half["session_id"] in str(m)), None),
        "the split in a layout",
    )
    [tab] = [t for w in layout["windows"] for t in w["tabs"] if t["tab_id"] == made["tab_id"]]
    assert [child["session_id"] for child in tab["root"]["children"]] == [made["session_id"], half["session_id"]]
    other = client2.ask("create_window")
    assert client2.ask("activate", tab_id=made["tab_id"])["type"] == "result"
    client2.expect("focus", lambda m: m["tab_id"] == made["tab_id"])
    assert client2.ask("close", window_id=other["window_id"], force=True)["type"] == "result"
    assert client2.ask("close", tab_id=made["tab_id"], force=True)["type"] == "result"
    for session in (made["session_id"], half["session_id"], other["session_id"]):
        client2.expect("closed", lambda m, session=session: m["session_id"] == session)


def test_unsubscribed_sessions_are_silent(client2: Client2, fresh_session: str) -> None:
    client2.expect("snapshot", lambda m: m["session_id"] == fresh_session)
    client2.ask("unsubscribe", sessions=[fresh_session])
    since = len(client2.messages)
    client2.type(fresh_session, b"echo un''seen\n")
    client2.streams.clear()
    client2.ask("subscribe", sessions=[fresh_session])
    client2.expect("snapshot", lambda m: m["session_id"] == fresh_session, since)
    client2.type(fresh_session, b"echo se''en\n")
    client2.wait_output(fresh_session, b"seen\r\n")
    assert b"unseen\r\n" not in client2.output(fresh_session)


def test_a_snapshot_on_request_stands_in_its_place(client2: Client2, fresh_session: str) -> None:
    """`Client2` checks that it is exactly where the bytes before it end."""
    client2.expect("snapshot", lambda m: m["session_id"] == fresh_session)
    client2.type(fresh_session, b"seq 300\n")
    client2.wait_output(fresh_session, b"\r\n300\r\n")
    parts = client2.ask("snapshot", session_id=fresh_session, scrollback=400)
    assert parts["epoch"] == client2.epoch(fresh_session)
    text = base64.b64decode(parts["data"])
    assert re.search(rb"\b17\b", text), "scrollback"
    client2.type(fresh_session, b"echo af''ter\n")
    client2.wait_output(fresh_session, b"after\r\n")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", "bad_json"),
        (b"\xff", "bad_json"),
        (b"[]", "invalid"),
        (b'{"type":"format_disk"}', "unknown_type"),
        (b'{"type":"terminal_input","session_id":"x","data":""}', "unknown_type"),
        (b'{"type":"input","session_id":"x","data":"eA=="}', "no_such_session"),
        (b'{"type":"input","session_id":"x","data":"%"}', "invalid"),
        (b'{"type":"resize","session_id":"x","columns":80,"rows":24}', "invalid"),
        (b'{"type":"resize","session_id":"x","columns":80,"rows":24,"lease":0}', "invalid"),
        (b'{"type":"resize","session_id":"x","columns":80,"rows":24,"lease":1e9}', "invalid"),
        (b'{"type":"close","tab_id":"no"}', "no_such_tab"),
        (b'{"type":"activate","window_id":"no"}', "no_such_window"),
        (b'{"type":"activate"}', "invalid"),
        (b'{"type":"close","tab_id":"1","window_id":"2"}', "invalid"),
        (b'{"type":"snapshot","session_id":"x","scrollback":-1}', "invalid"),
        (b'{"type":"ping","id":' + b"7" * 300 + b"}", "invalid"),
        (b'{"type":"' + b"x" * 1_100_000 + b'"}', "too_long"),
    ],
)
def test_wrong_requests_get_one_error_with_a_code(client2: Client2, line: bytes, code: str) -> None:
    since = len(client2.messages)
    client2.send_raw(line + b"\n")
    assert client2.expect("error", since=since)["code"] == code
    assert client2.ask("ping")["type"] == "result"


def test_two_inputs_of_one_client_keep_their_order(client2: Client2, fresh_session: str) -> None:
    assert client2.type(fresh_session, b"stty -echo; echo lis''tening; cat\n")["type"] == "result"
    client2.wait_output(fresh_session, b"listening\r\n")
    for number in range(200):
        line = base64.b64encode(b"%03d\n" % number).decode()
        client2.send("input", id=number, session_id=fresh_session, data=line)
    client2.wait_output(fresh_session, b"199\r\n")
    numbers = re.findall(rb"(\d\d\d)\r\n", client2.output(fresh_session))
    assert numbers[-200:] == [b"%03d" % number for number in range(200)]
    client2.type(fresh_session, b"\x04")


def test_a_session_whose_program_does_not_read_gets_busy_and_others_go_on(client2: Client2, fresh_session: str) -> None:
    other = client2.ask("create_tab")["session_id"]
    wait_until(lambda: client2.type(other, b"\n") and b"ready$ " in client2.output(other), "a prompt's answer")
    client2.type(fresh_session, b"stty -echo raw; sleep 1000\n")
    data = base64.b64encode(b"x" * 500_000).decode()
    for number in range(6):
        client2.send("input", id=number, session_id=fresh_session, data=data)
    assert client2.expect("error", lambda m: m["id"] == 5)["code"] == "busy"
    assert client2.type(other, b"echo goes-$((1+1))\n")["type"] == "result"
    client2.wait_output(other, b"goes-2")
    answer = client2.expect("error", lambda m: m["id"] == 0)
    assert answer["code"] == "busy"
    assert 0 <= answer["written"] < 500_000
    client2.ask("close", session_id=other, force=True)
