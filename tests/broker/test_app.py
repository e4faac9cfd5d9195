"""The broker as a process, between a real supervisord, real workers and the headless host."""

import signal
import subprocess
import sys
import time

import psutil
import pyte
import pytest

from broker import iterm2_act, iterm2_look
from broker.attach import FOREIGN, STOPPED
from bus import rpc
from bus.errors import (
    Busy,
    Invalid,
    NoSuchSession,
    NoSuchTab,
    NoSuchWindow,
    NotAttached,
    RequestError,
    TooLong,
    UnknownType,
)
from bus.messages.commands import (
    Activate,
    AnyCommand,
    Attach,
    Close,
    GetConfig,
    GetPosition,
    Input,
    Resize,
    SendText,
    TakeSnapshot,
)
from bus.messages.results import ConfigResult, Done, Position, Size, Snapshot, Written
from tests.broker.system import System, sessions_of, wait_event
from tests.support import environment, wait_until

NOBODY = "00000000-0000-4000-8000-000000000000"


def screen(system: System, session_id: str, scrollback: int = 0) -> tuple[Snapshot, pyte.HistoryScreen]:
    """A snapshot, and what a terminal shows after its repaint."""
    snapshot, repaint = system.call_with_payload(TakeSnapshot(session_id=session_id, scrollback=scrollback), Snapshot)
    emulator = pyte.HistoryScreen(snapshot.columns, snapshot.rows, history=5000)
    pyte.ByteStream(emulator).feed(repaint)
    return snapshot, emulator


def wait_shown(system: System, session_id: str, text: str) -> None:
    def is_shown() -> bool:
        return any(text in line for line in screen(system, session_id)[1].display)

    wait_until(is_shown, f"{text!r} on the screen")


def position(system: System, session_id: str) -> Position:
    with rpc.Client(system.context, system.paths.session(session_id).rpc) as worker:
        return worker.call(GetPosition(), Position)[0]


def test_a_tab_comes_and_goes(system: System) -> None:
    with system.subscribe("closed") as closed:
        created = system.new_session()
        layout = system.layout()
        assert layout.iterm2.state == "connected"
        (window,) = layout.windows
        assert window.selected_tab_id == created.tab_id
        assert system.states()[created.session_id] in ("STARTING", "RUNNING")
        system.call(Close(tab_id=created.tab_id, force=True), Done)
        wait_event(closed, lambda body: body.session_id == created.session_id, "event.closed")
    wait_until(lambda: created.session_id not in system.states(), "its worker to be removed")
    wait_until(lambda: not list(system.paths.root.rglob(f"*{created.session_id}*")), "its files to be removed")


def test_a_snapshot_is_the_screen_at_a_place_in_the_stream(system: System) -> None:
    session_id = system.new_session().session_id
    wait_shown(system, session_id, "ready$")
    system.call(SendText(session_id=session_id), Done, b"printf '\\033[1;31m%s\\033[m' red; seq 1 60; echo do''ne\n")
    wait_shown(system, session_id, "done")
    snapshot, emulator = screen(system, session_id, scrollback=30)
    at = position(system, session_id)
    assert (snapshot.epoch, snapshot.offset, snapshot.approximate) == (at.epoch, at.head, False)
    assert emulator.display[-3:] == [f"{text:80}" for text in ("60", "done", "ready$")]
    assert (snapshot.cursor_column, snapshot.cursor_row) == (emulator.cursor.x, emulator.cursor.y) == (7, 24)
    history = ["".join(line[column].data for column in range(2)).strip() for line in emulator.history.top]
    assert history == [str(number) for number in range(8, 38)]
    every = screen(system, session_id, scrollback=1000)[1]
    line = next(line for line in every.history.top if line[0].data == "r" and line[3].data == "1")
    assert [(line[column].fg, line[column].bold) for column in (2, 3)] == [("red", True), ("default", False)]


def test_a_session_that_never_rests_gets_an_approximate_snapshot(system: System) -> None:
    created = system.new_session()
    system.call(SendText(session_id=created.session_id), Done, b"yes\n")
    wait_shown(system, created.session_id, "y")
    before = position(system, created.session_id)
    snapshot, _ = screen(system, created.session_id)
    after = position(system, created.session_id)
    assert snapshot.approximate
    assert before.head <= snapshot.offset < after.head
    system.call(Close(session_id=created.session_id, force=True), Done)


def test_commands_are_answered_with_what_is_so(system: System) -> None:
    created = system.new_session()
    config = system.call(GetConfig(session_id=created.session_id), ConfigResult).config
    assert config.cursor_blink is False
    assert len(config.ansi_colors) == 16
    size = system.call(Resize(session_id=created.session_id, columns=90, rows=20), Size)
    assert size == Size(columns=90, rows=20)
    wait_until(lambda: system.sessions()[created.session_id].columns == 90, "the layout to show the new size")
    system.call(Activate(session_id=created.session_id), Done)


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (GetConfig(session_id=NOBODY), NoSuchSession),
        (TakeSnapshot(session_id=NOBODY), NoSuchSession),
        (SendText(session_id=NOBODY), NoSuchSession),
        (Attach(session_id=NOBODY), NoSuchSession),
        (Resize(session_id=NOBODY, columns=80, rows=25), NoSuchSession),
        (Activate(session_id=NOBODY), NoSuchSession),
        (Activate(tab_id="999"), NoSuchTab),
        (Activate(tab_id="1x"), NoSuchTab),
        (Activate(window_id="pty-nowhere"), NoSuchWindow),
        (Activate(), Invalid),
        (Activate(tab_id="1", window_id="pty-nowhere"), Invalid),
        (Close(session_id=NOBODY, force=True), NoSuchSession),
        (Close(tab_id="999", force=True), NoSuchTab),
        (Close(window_id="pty-nowhere", force=True), NoSuchWindow),
        (GetPosition(), UnknownType),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(system: System, command: AnyCommand, error: type[RequestError]) -> None:
    with pytest.raises(error):
        system.call(command, Done, b"text")


def test_a_text_too_long_is_refused_whole(system: System) -> None:
    session_id = next(iter(system.sessions()))
    with pytest.raises(TooLong, match="1048576 bytes at most"):
        system.call(SendText(session_id=session_id), Done, b"x" * 1_048_577)


def test_malformed_requests_are_survived(system: System) -> None:
    for parts in ([b""], [b"", b""], [b"\xc1", b""], [b"\x80", b"", b""], [b"x" * 2_000_000, b""]):
        system.send_raw(parts)
    assert system.layout().iterm2.state == "connected"


def test_focus_reaches_the_bus_at_once(system: System) -> None:
    first, second = system.new_session(), system.new_session()
    with system.subscribe("layout") as layouts:
        wait_event(layouts, lambda body: True, "the subscription to be known")
        for session in (first, second, first, second):
            began = time.monotonic()
            system.as_user(lambda link, tab_id=session.tab_id: iterm2_act.activate(link, tab_id=tab_id))
            wait_event(
                layouts,
                lambda body, tab_id=session.tab_id: body.windows[0].selected_tab_id == tab_id,
                "the layout to follow",
            )
            # The user's own connection is most of it; a look on the clock alone would take 0.5 s.
            assert time.monotonic() - began < 0.4


def test_a_foreign_coprocess_is_left_alone_until_it_ends(system: System) -> None:
    created = system.new_session()
    session_id = created.session_id
    system.as_user(lambda link: iterm2_act.stop_coprocess(link, session_id))
    system.wait_reason(session_id, STOPPED)
    system.as_user(lambda link: iterm2_act.run_coprocess(link, session_id, "exec cat"))
    system.wait_reason(session_id, FOREIGN)
    wait_until(lambda: session_id not in system.states(), "its worker to be removed")
    with pytest.raises(Busy):
        system.call(Attach(session_id=session_id), Done)
    snapshot, _ = screen(system, session_id)
    assert (snapshot.epoch, snapshot.offset, snapshot.approximate) == (None, 0, False)
    system.call(SendText(session_id=session_id), Done, "echo grü''n\n".encode())
    wait_shown(system, session_id, "grün")
    assert system.as_user(lambda link: iterm2_look.get_coprocess(link, session_id)) == "exec cat"
    system.as_user(lambda link: iterm2_act.stop_coprocess(link, session_id))
    system.wait_reason(session_id, STOPPED)
    system.call(Attach(session_id=session_id), Done)
    system.wait_attached(session_id)


def test_what_the_user_stopped_is_respected_by_the_next_broker_too(system: System) -> None:
    stopped, other = system.new_session().session_id, system.new_session().session_id
    system.as_user(lambda link: iterm2_act.stop_coprocess(link, stopped))
    system.wait_reason(stopped, STOPPED)
    system.kill("broker")
    system.wait_reason(stopped, STOPPED)
    system.wait_attached(other)
    assert system.as_user(lambda link: iterm2_look.get_coprocess(link, stopped)) is None
    with rpc.Client(system.context, system.paths.session(stopped).rpc) as worker, pytest.raises(NotAttached):
        worker.call(Input(), Written, b"x")
    system.call(Attach(session_id=stopped), Done)
    system.wait_attached(stopped)


def test_a_coprocess_that_ends_otherwise_is_started_again(system: System) -> None:
    session_id = system.new_session().session_id
    worker = psutil.Process(system.pid(f"pty-{session_id}"))
    epoch = position(system, session_id).epoch
    psutil.Process(shims(system)[session_id]).kill()
    worker.kill()
    wait_until(lambda: position_or_none(system, session_id, not_epoch=epoch), "a new epoch")
    system.wait_attached(session_id)


def position_or_none(system: System, session_id: str, *, not_epoch: str) -> Position | None:
    try:
        found = position(system, session_id)
    except RequestError:
        return None
    return found if found.attached and found.epoch != not_epoch else None


def test_a_killed_broker_changes_nothing(system: System) -> None:
    session_id = system.new_session().session_id
    worker, before = system.pid(f"pty-{session_id}"), position(system, session_id)
    coprocesses = shims(system)
    known = set(system.states())
    run = system.layout().broker
    with system.subscribe("layout") as layouts:
        wait_event(layouts, lambda body: body.broker == run, "the subscription to be known")
        system.kill("broker")
        first = wait_event(layouts, lambda body: body.broker != run, "the new broker's first layout")
    assert {session.session_id for session in sessions_of(first) if session.attached} == known
    assert set(system.sessions()) == known
    assert system.pid(f"pty-{session_id}") == worker
    assert position(system, session_id).epoch == before.epoch
    assert set(system.states()) == known
    assert shims(system) == coprocesses


def shims(system: System) -> dict[str, int]:
    """The coprocesses of the host: session id -> pid."""
    children = psutil.Process(system.pid("headless")).children()
    found = [child for child in children if "shim.py" in " ".join(child.cmdline())]
    return {child.environ()["ITERM_SESSION_ID"].rpartition(":")[2]: child.pid for child in found}


def test_a_worker_that_hangs_is_killed(system: System) -> None:
    session_id = system.new_session().session_id
    hung = system.pid(f"pty-{session_id}")
    psutil.Process(hung).suspend()
    wait_until(lambda: not psutil.pid_exists(hung), "the hung worker to be killed", seconds=60)
    system.wait_attached(session_id)


def test_a_host_that_dies_is_connected_again_and_leaves_nothing_behind(system: System) -> None:
    before = set(system.sessions())
    system.kill("headless")
    fresh = wait_until(
        lambda: (found := system.sessions()) and not before & set(found) and found, "the new host's sessions"
    )
    for session_id in fresh:
        system.wait_attached(session_id)
    wait_until(lambda: set(system.states()) == set(fresh), "the old workers to be removed")
    wait_until(
        lambda: not any(list(system.paths.root.rglob(f"*{name}*")) for name in before), "the old files to be removed"
    )


def test_a_stopped_broker_is_gone_within_two_seconds(system: System) -> None:
    broker = psutil.Process(system.pid("broker"))
    began = time.monotonic()
    broker.send_signal(signal.SIGTERM)
    wait_until(lambda: not broker.is_running() or broker.status() == psutil.STATUS_ZOMBIE, "the broker to end")
    assert time.monotonic() - began < 2
    wait_until(lambda: system.sessions(), "supervisord to start the next one")
    log = (system.paths.log / "broker.log").read_text()
    assert "Traceback" not in log
    assert "ready$" not in log


def test_a_broker_without_supervisord_says_so(system: System) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "broker"],
        env=environment(system.home),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 78
    assert "itermbus up" in done.stderr
    assert len(done.stderr.splitlines()) == 1
