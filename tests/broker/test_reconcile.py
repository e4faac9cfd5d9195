"""What is, and what must follow."""

from dataclasses import replace
from pathlib import Path

import pytest

from broker.attach import CONNECTING, FOREIGN, STOPPED, History
from broker.coprocess_command import CoprocessCommand
from broker.model import ListedTab, ListedWindow, Listing, Model, Node, Pane, SessionRecord
from broker.reconcile import (
    BROWSER,
    TMUX_GATEWAY,
    TOO_MANY,
    Action,
    AddWorker,
    KillWorker,
    Plan,
    Present,
    RemoveWorker,
    StartCoprocess,
    StartWorker,
    StopWorker,
    plan,
)
from bus.messages.layout import Iterm2Status

COMMAND = CoprocessCommand(Path("/env/bin/python"), Path("/code/coprocess/shim.py"))
A, B, C = (f"{letter * 8}-0000-4000-8000-000000000000" for letter in "ABC")
NOW = 1000.0


def listing(*session_ids: str) -> Listing:
    tabs = tuple(ListedTab(str(number), Node(False, (Pane(name),))) for number, name in enumerate(session_ids, 1))
    return Listing((ListedWindow("pty-1", 0, tabs),))


def model(**records: SessionRecord) -> Model:
    return Model(
        status=Iterm2Status(state="connected"),
        sessions={{"a": A, "b": B, "c": C}[letter]: record for letter, record in records.items()},
    )


def running(*session_ids: str, coprocesses: dict[str, str | None] | None = None) -> Present:
    """These sessions with a worker each, as it is most of the time."""
    return Present(
        listing=listing(*session_ids),
        states=dict.fromkeys(session_ids, "RUNNING"),
        configured=frozenset(session_ids),
        left=frozenset(session_ids),
        coprocesses=coprocesses or {},
        now=NOW,
    )


def planned(of: Model, present: Present) -> Plan:
    return plan(of, present, COMMAND, per_hour=20)


def actions(of: Model, present: Present) -> tuple[Action, ...]:
    return planned(of, present).actions


def test_a_new_session_gets_a_worker_and_then_a_coprocess() -> None:
    present = Present(listing=listing(A), coprocesses={A: None}, now=NOW)
    assert actions(model(a=SessionRecord()), present) == (AddWorker(A), StartCoprocess(A))


def test_workers_come_before_coprocesses() -> None:
    present = Present(listing=listing(A, B), coprocesses={A: None, B: None}, now=NOW)
    assert actions(model(), present) == (AddWorker(A), AddWorker(B), StartCoprocess(A), StartCoprocess(B))


def test_nothing_is_done_where_all_is_well() -> None:
    attached = SessionRecord(attached=True)
    assert planned(model(a=attached, b=attached), running(A, B)) == Plan((), {A: None, B: None})


def test_a_new_broker_adopts_what_runs() -> None:
    """Nothing was heard from the worker yet, and the coprocess is ours."""
    present = running(A, coprocesses={A: COMMAND.text})
    assert planned(model(a=SessionRecord()), present) == Plan((), {A: CONNECTING})


def test_a_session_that_is_gone_loses_its_worker_in_two_steps() -> None:
    present = replace(running(A, B), listing=listing(A))
    attached = model(a=SessionRecord(attached=True))
    assert actions(attached, present) == (StopWorker(B),)
    stopping = replace(present, states={A: "RUNNING", B: "STOPPING"})
    assert actions(attached, stopping) == ()
    stopped = replace(present, states={A: "RUNNING", B: "STOPPED"})
    assert actions(attached, stopped) == (RemoveWorker(B),)
    assert actions(attached, replace(running(A))) == ()


@pytest.mark.parametrize("state", ["EXITED", "FATAL", "STOPPED"])
def test_a_wanted_worker_that_does_not_run_is_started(state: str) -> None:
    present = replace(running(A), states={A: state})
    assert actions(model(a=SessionRecord(attached=True)), present) == (StartWorker(A),)


def test_files_of_an_earlier_run_are_removed() -> None:
    """After a power cut: conf files, sockets and rings of sessions that nobody knows."""
    present = replace(running(A), configured=frozenset({A, B}), left=frozenset({A, B, C}))
    assert actions(model(a=SessionRecord(attached=True)), present) == (RemoveWorker(B), RemoveWorker(C))


def test_a_conf_file_that_was_deleted_is_written_again() -> None:
    present = replace(running(A), configured=frozenset())
    assert actions(model(a=SessionRecord(attached=True)), present) == (AddWorker(A),)


def test_a_worker_that_supervisord_does_not_know_is_added() -> None:
    present = replace(running(A), states={})
    assert actions(model(a=SessionRecord(attached=True)), present) == (AddWorker(A),)


def test_another_programs_coprocess_means_no_worker() -> None:
    fresh = Present(listing=listing(A), coprocesses={A: "cat"}, now=NOW)
    assert planned(model(), fresh) == Plan((), {A: FOREIGN})
    assert actions(model(), running(A, coprocesses={A: "cat"})) == (StopWorker(A),)


def test_what_the_user_stopped_keeps_its_worker_and_gets_no_coprocess() -> None:
    stopped = model(a=SessionRecord(history=History(stopped=True)))
    assert planned(stopped, running(A, coprocesses={A: None})) == Plan((), {A: STOPPED})


@pytest.mark.parametrize(
    ("record", "reason"),
    [(SessionRecord(browser=True), BROWSER), (SessionRecord(variables={"tmuxRole": "gateway"}), TMUX_GATEWAY)],
)
def test_sessions_that_are_no_terminal(record: SessionRecord, reason: str) -> None:
    assert planned(model(a=record), Present(listing=listing(A), now=NOW)) == Plan((), {A: reason})


def test_a_tmux_client_pane_is_a_terminal() -> None:
    record = SessionRecord(variables={"tmuxRole": "client"})
    present = Present(listing=listing(A), coprocesses={A: None}, now=NOW)
    assert StartCoprocess(A) in actions(model(a=record), present)


def test_an_ended_program_gets_no_new_worker_and_keeps_the_one_it_has() -> None:
    ended = model(a=SessionRecord(exited=True))
    assert actions(ended, Present(listing=listing(A), coprocesses={A: None}, now=NOW)) == ()
    assert actions(ended, running(A, coprocesses={A: None})) == ()


def test_a_session_that_could_not_be_asked_stays_as_it_is() -> None:
    waiting = model(a=SessionRecord(reason=STOPPED))
    assert planned(waiting, running(A)) == Plan((), {A: STOPPED})
    assert actions(waiting, Present(listing=listing(A), now=NOW)) == ()


def test_without_a_list_nothing_is_removed() -> None:
    present = replace(running(A), listing=None, states={A: "STOPPED"}, left=frozenset({A, B}))
    assert planned(model(a=SessionRecord()), present) == Plan((), {})


def test_a_worker_that_hangs_is_killed_with_or_without_iterm2() -> None:
    hung = model(a=SessionRecord(attached=True, silent=2), b=SessionRecord(attached=True, silent=1))
    assert actions(hung, running(A, B)) == (KillWorker(A),)
    assert actions(hung, replace(running(A, B), listing=None)) == (KillWorker(A),)


def test_a_worker_that_is_not_running_is_not_killed() -> None:
    present = replace(running(A), states={A: "BACKOFF"})
    assert actions(model(a=SessionRecord(attached=True, silent=9)), present) == ()


def test_nothing_is_started_while_all_is_being_stopped() -> None:
    stopping = model(a=SessionRecord())
    stopping.detaching = True
    found = planned(stopping, running(A, coprocesses={A: None}))
    assert (found.actions, found.until) == ((), None)


def test_the_next_look_is_when_the_first_pause_ends() -> None:
    paused = model(
        a=SessionRecord(history=History(launches=(NOW, NOW))), b=SessionRecord(history=History(launches=(NOW,)))
    )
    found = planned(paused, running(A, B, coprocesses={A: None, B: None}))
    assert (found.actions, found.until) == ((), NOW + 1)


def test_past_the_limit_a_session_is_left_out_and_none_loses_its_worker() -> None:
    """The newcomer A sorts before those that have a worker, and still is the one too many."""
    present = replace(running(B, C), listing=listing(A, B, C), coprocesses={A: None})
    full = plan(model(), present, COMMAND, per_hour=20, most=2)
    assert full.actions == ()
    assert full.reasons[A] == TOO_MANY
    room = plan(model(), present, COMMAND, per_hour=20, most=3)
    assert room.actions == (AddWorker(A), StartCoprocess(A))
