"""A user's day, from the first connection: what a Node client that knows only dialect 1 sees and does."""

import base64
import re
from collections.abc import Callable

from tests.end_to_end.node_client import NodeClient
from tests.end_to_end.system import System
from tests.support import wait_until


def test_start_sequence_comes_in_order(connect: Callable[..., NodeClient]) -> None:
    client = connect()
    client.wait_ready()
    first = [message["type"] for message in client.messages[:4]]
    assert first == ["sessions", "initial_terminal_data", "config", "ready"]
    sessions, screen = client.messages[:2]
    [active] = [session for session in sessions["sessions"] if session["is_active"]]
    assert screen["session_id"] == active["session_id"]
    assert base64.b64decode(screen["data"]).startswith(b"\x1b[2J"), "begins with a clear"


def test_types_on_the_wire_are_exact(client: NodeClient) -> None:
    """iTerm2 sends booleans as 0 and 1; a strict client once dropped a whole config for that."""
    config = client.expect("config")
    assert type(config["cursorBlink"]) is bool
    assert type(config["scrollback"]) is int
    assert config["cursorType"] in ("CURSOR_TYPE_BLOCK", "CURSOR_TYPE_UNDERLINE", "CURSOR_TYPE_VERTICAL")
    assert re.fullmatch(r".+ \d+(\.\d+)?", config["font"])
    assert len(config["ansiColors"]) == 16
    for colour in [*config["ansiColors"], *(config[k] for k in ("foreground", "background", "cursor"))]:
        assert re.fullmatch(r"#[0-9a-f]{6}", colour)
    for session in client.sessions:
        assert {key: type(session[key]) for key in ("session_id", "tab_id", "title", "is_active")} == {
            "session_id": str,
            "tab_id": str,
            "title": str,
            "is_active": bool,
        }


def test_lines_are_ascii_and_short(client: NodeClient, fresh_session: str) -> None:
    client.type(fresh_session, b"printf '\\303\\266%.0s' $(seq 60000); echo done-$((1+1))\n")
    client.wait_output(fresh_session, b"done-2")
    assert all(line.isascii() and len(line) <= 64 * 1024 for line in client.raw_lines)


def test_typed_command_gives_its_output(client: NodeClient, fresh_session: str) -> None:
    client.type(fresh_session, b"echo it-is-$((40+2))\n")
    client.wait_output(fresh_session, b"it-is-42")


def test_new_tab_is_shown_and_works_and_goes(client: NodeClient, fresh_session: str) -> None:
    assert client.active["session_id"] == fresh_session
    tab = client.active["tab_id"]
    client.type(fresh_session, b"echo new-$((1+1))\n")
    client.wait_output(fresh_session, b"new-2")
    client.send("tab_close", tab_id=tab)
    wait_until(lambda: all(s["session_id"] != fresh_session for s in client.sessions), "the closed tab to go")
    assert len([session for session in client.sessions if session["is_active"]]) == 1


def test_tab_switch_shows_the_other_screen(client: NodeClient, fresh_session: str) -> None:
    other = next(session for session in client.sessions if session["session_id"] != fresh_session)
    for target in (other["tab_id"], fresh_session):
        since = len(client.messages)
        client.send("tab_switch", tab_id=target)
        switched = client.expect("tab_switched", since=since)
        shown = switched["session_id"]
        screen = client.expect("initial_terminal_data", lambda m, shown=shown: m["session_id"] == shown, since)
        assert client.messages.index(switched, since) < client.messages.index(screen, since)
    assert switched["session_id"] == fresh_session


def test_switching_to_the_tab_in_front_is_answered_too(client: NodeClient) -> None:
    active = client.active
    since = len(client.messages)
    client.send("tab_switch", tab_id=active["tab_id"])
    assert client.expect("tab_switched", since=since)["tab_id"] == active["tab_id"]
    client.expect("initial_terminal_data", since=since)


def test_refresh_repaints_what_is_on_the_screen(client: NodeClient, fresh_session: str) -> None:
    client.type(fresh_session, b"printf '\\033[31mre''d\\033[0m\\n'\n")
    client.wait_output(fresh_session, b"\x1b[31mred")
    since = len(client.messages)
    client.send("request_screen_refresh", session_id=fresh_session)
    client.expect("initial_terminal_data", since=since)
    assert re.search(rb"\x1b\[[0-9;]*31m\s*red", client.screens(fresh_session, since)[0])
    client.send("request_screen_refresh")
    wait_until(lambda: len(client.screens(fresh_session, since)) == 2, "a repaint of the active session")


def test_initial_state_is_sent_again_on_request(client: NodeClient) -> None:
    since = len(client.messages)
    client.send("resend_initial_state")
    client.expect("ready", since=since)
    kinds = [message["type"] for message in client.messages[since:] if message["type"] != "terminal_data"]
    assert kinds[:4] == ["sessions", "initial_terminal_data", "config", "ready"]


def test_two_clients_see_the_same(connect: Callable[..., NodeClient], client: NodeClient, fresh_session: str) -> None:
    other = connect()
    other.wait_ready()
    assert other.sessions == client.sessions
    mine, theirs = len(client.messages), len(other.messages)
    client.type(fresh_session, b"echo from-one-$((1+1))\n")
    other.type(fresh_session, b"echo from-two-$((2+2))\n")
    for text in (b"from-one-2\r\n", b"from-two-4\r\n"):
        client.wait_output(fresh_session, text, mine)
        other.wait_output(fresh_session, text, theirs)
    wait_until(
        lambda: client.output(fresh_session, mine) == other.output(fresh_session, theirs),
        "the same bytes at both clients",
    )


def test_supervisorctl_tells_the_truth(system: System, client: NodeClient, fresh_session: str) -> None:
    workers = {f"pty-{session['session_id']}" for session in client.sessions}
    wait_until(
        lambda: {state for state, _pid in system.supervisorctl().values()} == {"RUNNING"}, "every process to be running"
    )
    assert set(system.supervisorctl()) == {"broker", "gateway", "headless"} | workers
    tab = next(s["tab_id"] for s in client.sessions if s["session_id"] == fresh_session)
    client.send("tab_close", tab_id=tab)
    wait_until(lambda: f"pty-{fresh_session}" not in system.supervisorctl(), "the closed tab's worker to go")
    wait_until(
        lambda: not [p for p in system.paths.run.iterdir() if p.name.startswith(fresh_session)], "its files to go"
    )
    assert not system.paths.worker_conf(fresh_session).exists()
