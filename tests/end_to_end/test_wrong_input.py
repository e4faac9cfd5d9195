"""Wrong input on the gateway: one clear error each, and everything lives on."""

import base64
import json
import socket
from typing import Any

import pytest

from tests.end_to_end.node_client import NodeClient
from tests.end_to_end.system import System
from tests.support import wait_until

_NOBODY = "00000000-0000-0000-0000-000000000000"


def _line(**keys: Any) -> bytes:
    return json.dumps(keys).encode()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{", "JSON"),
        (b'{"type":"tab_create"', "JSON"),
        (b"\xff\xfe\x00", "JSON"),
        (b'{"type":"terminal_input","session_id":"\xff","data":""}', "UTF-8"),
        (b'{"a":' * 100_000, "nested"),
        (b"[]", "object"),
        (b"{}", "type"),
        (b'{"type":7}', "type"),
        (_line(type="format_disk"), "format_disk"),
        (_line(type="hello", version=1), "version 2"),
        (_line(type="hello"), "version"),
        (_line(type="hello", version=2, sessions=7), "sessions"),
        (_line(type="terminal_input", data=""), "session_id"),
        (_line(type="terminal_input", session_id=_NOBODY), "data"),
        (_line(type="terminal_input", session_id=7, data=""), "session_id"),
        (_line(type="terminal_input", session_id=_NOBODY, data=7), "data"),
        (_line(type="terminal_input", session_id=_NOBODY, data="a"), "data"),
        (_line(type="terminal_input", session_id=_NOBODY, data="YWJj"), _NOBODY),
        (_line(type="terminal_resize", session_id=_NOBODY, cols="80", rows=25), "cols"),
        (_line(type="terminal_resize", session_id=_NOBODY, cols=-1, rows=25), "cols"),
        (_line(type="terminal_resize", session_id=_NOBODY, cols=80, rows=10**30), "rows"),
        (_line(type="tab_switch"), "tab_id"),
        (_line(type="tab_switch", tab_id="no-such-tab"), "no-such-tab"),
        (_line(type="tab_close", tab_id=_NOBODY), _NOBODY),
        (_line(type="request_screen_refresh", session_id="x\n\x1b[2J"), "x\\n"),
    ],
)
def test_each_gets_one_error_and_the_connection_lives(client: NodeClient, line: bytes, says: str) -> None:
    since = len(client.messages)
    client.send_raw(line + b"\n")
    error = client.expect("error", since=since)
    assert says in error["message"]
    client.send("tab_switch", tab_id=client.active["tab_id"])
    client.expect("tab_switched", since=since)
    assert len([m for m in client.messages[since:] if m["type"] == "error"]) == 1


def test_a_line_too_long_is_skipped_to_its_end(client: NodeClient, fresh_session: str) -> None:
    since = len(client.messages)
    data = base64.b64encode(b"x" * 1_500_000).decode()
    client.send("terminal_input", session_id=fresh_session, data=data)
    client.type(fresh_session, b"echo still-$((1+1))\n")
    client.wait_output(fresh_session, b"still-2", since)
    [error] = [m for m in client.messages[since:] if m["type"] == "error"]
    assert "1048576" in error["message"]


def test_half_a_line_then_close_harms_nobody(system: System, client: NodeClient) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as rude:
        rude.connect(str(system.paths.gateway_socket))
        rude.sendall(b'{"type":"tab_cre')
    tabs = len(client.sessions)
    since = len(client.messages)
    client.send("resend_initial_state")
    client.expect("ready", since=since)
    assert len(client.sessions) == tabs


def test_many_connections_that_go_at_once_harm_nobody(system: System, client: NodeClient) -> None:
    for _ in range(200):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as rude:
            rude.connect(str(system.paths.gateway_socket))
    since = len(client.messages)
    client.send("resend_initial_state")
    client.expect("ready", since=since)


def test_a_client_that_never_reads_slows_nobody(system: System, client: NodeClient, fresh_session: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as deaf:
        deaf.connect(str(system.paths.gateway_socket))
        since = len(client.messages)
        client.type(fresh_session, b"head -c 8000000 /dev/zero | tr '\\0' x; echo don''e\n")
        client.wait_output(fresh_session, b"done", since, seconds=60)
        assert client.output(fresh_session, since).count(b"x") >= 8_000_000
    assert wait_until(lambda: system.supervisorctl()["gateway"][0], "an answer") == "RUNNING"
