from pathlib import Path

import pytest

from broker.attach import EXITED, FOREIGN, HOUR, STOPPED, Decision, History, Launch, Leave, Ours, decide
from broker.coprocess_command import CoprocessCommand

COMMAND = CoprocessCommand(Path("/env/bin/python"), Path("/code/coprocess/shim.py"))
NOW = 1_000_000.0


def decision(
    coprocess: str | None = None, history: History | None = None, *, exited: bool = False, per_hour: int = 20
) -> Decision:
    return decide(coprocess, COMMAND, history or History(), exited=exited, per_hour=per_hour, now=NOW)


def test_a_session_without_a_coprocess_gets_ours() -> None:
    assert decision() == Launch()


def test_ours_is_left_running() -> None:
    assert decision(COMMAND.text) == Ours()


@pytest.mark.parametrize("history", [History(), History(stopped=True), History(launches=(NOW,))])
def test_another_programs_is_never_touched(history: History) -> None:
    assert decision("tee /tmp/log", history) == Leave(FOREIGN)


def test_what_the_user_stopped_stays_stopped() -> None:
    assert decision(history=History(stopped=True)) == Leave(STOPPED)


def test_an_ended_program_gets_none() -> None:
    assert decision(exited=True) == Leave(EXITED)


def test_pauses_between_launches_grow() -> None:
    history = History()
    now = NOW
    pauses = []
    for _ in range(8):
        history = history.launched(now)
        found = decide(None, COMMAND, history, exited=False, per_hour=20, now=now)
        assert isinstance(found, Leave)
        assert found.until is not None
        pauses.append(found.until - now)
        now = found.until
        assert decide(None, COMMAND, history, exited=False, per_hour=20, now=now) == Launch()
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


def test_an_hours_launches_are_limited() -> None:
    history = History(launches=tuple(NOW - 3000 + 600 * number for number in range(5)))
    found = decision(history=history, per_hour=5)
    assert isinstance(found, Leave)
    assert found.until == NOW - 3000 + HOUR
    assert decision(history=history, per_hour=6) == Launch()


def test_launches_of_more_than_an_hour_ago_are_forgotten() -> None:
    old = History(launches=(NOW - HOUR - 1,) * 20)
    assert decision(history=old) == Launch()
    assert old.launched(NOW).launches == (NOW,)


def test_a_clock_that_was_set_back_does_not_lock_a_session_out() -> None:
    assert decision(history=History(launches=(NOW + 5000,) * 20)) == Launch()
