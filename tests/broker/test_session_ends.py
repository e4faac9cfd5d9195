"""The ends of a session, and what is taken back: closes, undone closes, restarts, notices that come twice or late."""

import pytest

from broker import iterm2_act
from broker.attach import EXITED
from bus.messages.commands import SendText
from bus.messages.results import Done
from tests.broker.agreement import wait_agreement
from tests.broker.host import Host
from tests.broker.system import System, wait_event
from tests.broker.test_app import wait_shown
from tests.broker.user import bury, restart, set_profile
from tests.support import wait_until

Pair = tuple[Host, System]

STAY, RESTART = 0, 2


def wait_gone(system: System, session_id: str) -> None:
    wait_until(lambda: session_id not in system.sessions(), "the session to be gone from the layout")
    wait_until(lambda: session_id not in system.states(), "its worker to be removed")


def on_end(system: System, session_id: str, action: int) -> None:
    system.as_user(lambda link: set_profile(link, session_id, {"Close Sessions On End": action}))


def test_an_undone_close_brings_the_session_back(faulty: Pair) -> None:
    host, system = faulty
    session_id = system.new_session().session_id
    wait_shown(system, session_id, "ready$")
    host.fault("close", session=session_id)
    wait_gone(system, session_id)
    host.fault("undo_close", session=session_id)
    system.wait_attached(session_id)
    system.call(SendText(session_id=session_id), Done, b"echo ba''ck\n")
    wait_shown(system, session_id, "back")
    wait_agreement(host, system)


def test_a_restart_is_another_session(faulty: Pair) -> None:
    host, system = faulty
    before = system.new_session().session_id
    known = set(system.sessions())
    with system.subscribe("closed") as closed:
        system.as_user(lambda link: restart(link, before))
        wait_event(closed, lambda body: body.session_id == before, "event.closed of the old id")
    (after,) = wait_until(lambda: set(system.sessions()) - known, "the new id")
    system.wait_attached(after)
    wait_gone(system, before)
    wait_agreement(host, system)


@pytest.mark.parametrize(("duplicate", "reorder"), [(1, 0), (0, 1), (1, 1)])
def test_notices_that_come_twice_and_late(faulty: Pair, duplicate: int, reorder: int) -> None:
    host, system = faulty
    host.fault("notifications", seed=7, duplicate=duplicate, reorder=reorder)
    try:
        stays, restarts, closes = (system.new_session().session_id for _ in range(3))
        on_end(system, stays, STAY)
        on_end(system, restarts, RESTART)
        for session_id in (stays, restarts, closes):
            system.call(SendText(session_id=session_id), Done, b"exit\n")
        wait_gone(system, restarts)
        wait_gone(system, closes)
        wait_until(
            lambda: host.ask(request="statistics")["sessions"][stays]["state"] == "exited", "the end of a program"
        )
        wait_agreement(host, system)
        assert stays in system.sessions()
    finally:
        host.fault("notifications")


def test_an_ended_program_gets_no_coprocess(faulty: Pair) -> None:
    host, system = faulty
    session_id = system.new_session().session_id
    on_end(system, session_id, STAY)
    system.call(SendText(session_id=session_id), Done, b"exit\n")
    wait_until(lambda: host.ask(request="statistics")["sessions"][session_id]["state"] == "exited", "the end")
    system.as_user(lambda link: iterm2_act.stop_coprocess(link, session_id))
    wait_until(
        lambda: (now := system.sessions()[session_id]) and not now.attached and now.reason, "the session to be detached"
    )
    wait_agreement(host, system)
    assert host.ask(request="statistics")["sessions"][session_id]["coprocess"] is None
    system.as_user(lambda link: restart(link, session_id))
    wait_gone(system, session_id)
    wait_agreement(host, system)


def test_a_buried_session_stays_attached(faulty: Pair) -> None:
    host, system = faulty
    session_id = system.new_session().session_id
    system.as_user(lambda link: bury(link, session_id, True))
    wait_until(
        lambda: [session.session_id for session in system.layout().buried] == [session_id], "it to be told as buried"
    )
    wait_agreement(host, system)
    assert system.sessions()[session_id].attached
    system.as_user(lambda link: bury(link, session_id, False))
    wait_until(lambda: not system.layout().buried, "it to be back")
    wait_agreement(host, system)
    assert EXITED not in {session.reason for session in system.sessions().values()}
