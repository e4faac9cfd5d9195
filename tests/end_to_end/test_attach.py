"""`itermbus attach` in a real terminal: a pane of tmux."""

import os
import signal
from collections.abc import Iterator

import psutil
import pytest
import zmq

from bus import rpc
from bus.messages.commands import Resize
from bus.messages.results import Size
from tests.end_to_end.node_client import NodeClient
from tests.end_to_end.system import System
from tests.end_to_end.tmux import Pane
from tests.support import processes_of, wait_until


@pytest.fixture
def pane(system: System) -> Iterator[Pane]:
    opened = Pane(system.home)
    try:
        yield opened
    finally:
        opened.close()


def _attach(pane: Pane, session_id: str, *options: str) -> None:
    pane.run("itermbus", "attach", session_id[:13], *options)
    pane.wait("Ctrl-] detaches.")
    pane.wait("ready$")


def _detach(pane: Pane) -> None:
    pane.keys("C-]")
    pane.wait(": detached]")
    pane.wait("outside$")


def test_what_is_typed_echoes_and_the_end_restores_everything(
    system: System, client: NodeClient, fresh_session: str, pane: Pane
) -> None:
    before = pane.flags()
    _attach(pane, fresh_session)
    pane.wait_gone("Ctrl-] detaches.")  # the screen is shown again once that has been read
    pane.keys("-l", "echo at''tached-$((40+2))\n")
    pane.wait("attached-42")
    wait_until(lambda: b"attached-42\r\n" in client.seen(fresh_session), "the same at another client")
    # Everything that a program can leave switched on.
    pane.keys(
        "-l", r"printf '\033[?1049h\033[?25l\033[?1003h\033[?1006h\033[?2004h\033[?1h\033=\033[?7l\033[4l" + "'\n"
    )
    wait_until(lambda: pane.flags().split("\n")[0].startswith("1 0"), "the alternate screen without a cursor")
    _detach(pane)
    assert pane.flags() == before
    client.type(fresh_session, b"printf '\\033[?1049l\\033[?25h\\033[?1003l\\033[?1006l\\033[?1l\\033>\\033[?7h'\n")


def test_it_goes_on_when_the_gateway_is_killed(system: System, fresh_session: str, pane: Pane) -> None:
    _attach(pane, fresh_session)
    pid = system.supervisorctl()["gateway"][1]
    os.kill(pid, signal.SIGKILL)
    pane.wait("The gateway has gone")
    # What is typed meanwhile waits; nothing of what the session prints is missed.
    pane.keys("-l", "echo wai''ted\n")
    pane.wait("waited\nready$")
    assert system.supervisorctl()["gateway"][1] != pid
    pane.keys("-l", "echo ag''ain\n")
    pane.wait("again\nready$")
    _detach(pane)


def test_the_size_is_the_sessions_unless_it_is_leased(system: System, client: NodeClient, fresh_session: str) -> None:
    narrow = Pane(system.home, 60, 20)
    try:
        narrow.run("itermbus", "attach", fresh_session)
        narrow.wait("Ctrl-] detaches. The session is 80x25, this terminal 60x20")
        narrow.keys("C-]")
        narrow.wait(": detached]")
        narrow.run("clear")
        narrow.wait_gone("detache")
        narrow.run("itermbus", "attach", fresh_session, "--resize")
        narrow.wait("Ctrl-] detaches.")
        since = len(client.messages)
        narrow.keys("-l", "stty size\n")
        wait_until(lambda: b"20 60\r\n" in client.seen(fresh_session, since), "the session in our size")
        narrow.tmux("resize-window", "-x", "70", "-y", "22")

        def size_is(text: bytes) -> bool:
            since = len(client.messages)
            client.type(fresh_session, b"stty size\n")
            wait_until(lambda: b"ready$ " in client.seen(fresh_session, since), "a prompt")
            return text in client.seen(fresh_session, since)

        wait_until(lambda: size_is(b"22 70\r\n"), "the session in our new size")
        narrow.keys("C-]")
        wait_until(lambda: size_is(b"25 80\r\n"), "its own size again")
    finally:
        narrow.close()


def _resize_in_iterm2(system: System, session_id: str, columns: int, rows: int) -> None:
    """As the user does at a window's corner: past the gateway and its leases."""
    with zmq.Context() as context, rpc.Client(context, system.paths.broker_rpc) as broker:
        broker.call(Resize(session_id=session_id, columns=columns, rows=rows), Size, seconds=15)


def test_a_size_that_the_user_sets_meanwhile_stays(system: System, client: NodeClient, fresh_session: str) -> None:
    def size_is(text: bytes) -> bool:
        since = len(client.messages)
        client.type(fresh_session, b"stty size\n")
        wait_until(lambda: b"ready$ " in client.seen(fresh_session, since), "a prompt")
        return text in client.seen(fresh_session, since)

    narrow = Pane(system.home, 100, 20)
    try:
        narrow.run("itermbus", "attach", fresh_session, "--resize")
        narrow.wait("Ctrl-] detaches.")
        wait_until(lambda: size_is(b"20 100\r\n"), "the session in our size")
        # The first one may come before the broker's answer to the attachment, which then counts it as its own.
        _resize_in_iterm2(system, fresh_session, 91, 17)
        _resize_in_iterm2(system, fresh_session, 90, 18)
        narrow.wait("The session is 90x18, this terminal 100x20 (set elsewhere, and left so)")
        assert size_is(b"18 90\r\n")
        narrow.tmux("resize-window", "-x", "70", "-y", "22")
        wait_until(lambda: size_is(b"22 70\r\n"), "the session in our new size")
        narrow.keys("C-]")
        wait_until(lambda: size_is(b"18 90\r\n"), "the user's own size again")
    finally:
        narrow.close()
        _resize_in_iterm2(system, fresh_session, 80, 25)


def test_read_only_sends_nothing_but_detaches(client: NodeClient, fresh_session: str, pane: Pane) -> None:
    _attach(pane, fresh_session, "--read-only")
    since = len(client.messages)
    pane.keys("-l", "typed\n")
    pane.wait("Read-only: nothing is sent.")
    client.type(fresh_session, b"echo fr''om-elsewhere\n")
    pane.wait("from-elsewhere")
    assert b"typed" not in client.seen(fresh_session, since)
    _detach(pane)


def test_another_key_detaches_and_the_session_gets_the_usual_one(fresh_session: str, pane: Pane) -> None:
    pane.run("itermbus", "attach", fresh_session, "--detach-key", "ctrl-q")
    pane.wait("Ctrl-Q detaches.")
    pane.keys("-l", "cat -v\n")

    def is_echoed() -> bool:
        """Once cat reads: what comes before, the shell takes."""
        pane.keys("C-]", "Enter")
        return "^]\n^]" in pane.text()

    wait_until(is_echoed, "the usual key at cat")
    pane.keys("C-d")
    pane.keys("C-q")
    pane.wait(": detached]")


def test_it_stops_and_goes_on_as_a_job(system: System, fresh_session: str, pane: Pane) -> None:
    before = pane.flags()
    _attach(pane, fresh_session)
    mine = next(p for p in processes_of(system.home) if "attach" in p.cmdline())
    mine.send_signal(signal.SIGTSTP)
    wait_until(lambda: mine.status() == psutil.STATUS_STOPPED, "the stop")
    pane.wait("outside$")
    assert pane.flags().split("\n")[0] == before.split("\n")[0]
    pane.run("fg")
    pane.wait("ready$")
    pane.keys("-l", "echo ba''ck\n")
    pane.wait("back\nready$")
    _detach(pane)


def test_without_a_name_one_is_picked(system: System, client: NodeClient, fresh_session: str, pane: Pane) -> None:
    number = [session["session_id"] for session in client.sessions].index(fresh_session) + 1
    pane.run("itermbus", "attach")
    pane.wait("Which one?")
    pane.keys("-l", f"{number}\n")
    pane.wait("detaches.")
    pane.keys("-l", "echo pi''cked\n")
    wait_until(lambda: b"picked\r\n" in client.seen(fresh_session), "what was typed into the picked session")
    _detach(pane)


def test_the_sessions_end_is_the_attachments(fresh_session: str, pane: Pane) -> None:
    _attach(pane, fresh_session)
    pane.keys("-l", "exit\n")
    pane.wait(": the session has ended]")


def test_a_users_mistakes_are_told_in_a_line(system: System) -> None:
    for arguments, code, text in (
        (("active",), 2, "attach needs a terminal"),
        (("active", "--detach-key", "x"), 2, "--detach-key"),
        (("active", "--read-only", "--resize"), 2, "exclude each other"),
    ):
        done = system.run("attach", *arguments)
        assert (done.returncode, text in done.stderr) == (code, True), done.stderr
        assert "Traceback" not in done.stderr
