"""Requests that need no iTerm2 are carried out without it."""

from typing import Any, cast

import pytest

from bus.errors import Invalid, Iterm2Unavailable
from workers.gateway import commands
from workers.gateway.dialect2 import Credit


class Subscription:
    def __init__(self) -> None:
        self.credit = 0

    def add_credit(self, amount: int) -> None:
        self.credit += amount


class Client:
    """A client of one subscription, whose iTerm2 is away if `away`."""

    def __init__(self, *, away: bool) -> None:
        self.subscriptions = {"S": Subscription()}
        self._away = away

    def check_session(self, session_id: str) -> str:
        if self._away:
            raise Iterm2Unavailable("away")
        return session_id


class Answer:
    answers = 0

    def nothing(self) -> None:
        self.answers += 1


@pytest.mark.parametrize("away", [False, True])
def test_credit_counts_while_iterm2_is_away(away: bool) -> None:
    client, answer = Client(away=away), Answer()
    commands.credit(cast(Any, client), Credit(session_id="S", bytes=7), cast(Any, answer))
    assert client.subscriptions["S"].credit == 7
    assert answer.answers == 1


def test_credit_for_a_session_that_is_not_subscribed_to_is_refused() -> None:
    for away, error in ((False, Invalid), (True, Iterm2Unavailable)):
        with pytest.raises(error):
            commands.credit(cast(Any, Client(away=away)), Credit(session_id="T", bytes=7), cast(Any, Answer()))
