"""A lease sets a size for a while; iTerm2 owns it."""

from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from bus.errors import Iterm2Unavailable, RequestError
from bus.messages.commands import Resize
from bus.messages.results import Size
from tests.workers.gateway.playbook import SESSION, Clock
from workers.gateway.claims import Held
from workers.gateway.identity import Identity
from workers.gateway.leases import Grid, Leases


class Host:
    """iTerm2 behind the broker: gives the size that was asked for when the test says so."""

    def __init__(self) -> None:
        self.size: Grid | None = Grid(80, 25)
        self.asked: deque[tuple[Resize, Callable[..., None], Callable[..., None]]] = deque()

    def ask(self, command: Resize, _expected: Any, on_result: Any, on_refusal: Any, seconds: float) -> None:
        self.asked.append((command, on_result, on_refusal))

    def answer(self) -> None:
        command, on_result, _ = self.asked.popleft()
        self.size = Grid(command.columns, command.rows)
        on_result(Size(columns=command.columns, rows=command.rows), b"")


class Play:
    def __init__(self) -> None:
        self.clock, self.host = Clock(), Host()
        self.leases = Leases(self.host, self.clock.timers, lambda _session_id: self.host.size)  # type: ignore[arg-type]
        self.told: list[object] = []
        self.phone, self.pad = Identity(1, name="phone"), Identity(2)

    def take(self, client: Identity, size: Grid, seconds: float = 10) -> None:
        self.leases.take(SESSION, client, size, seconds, self.told.append, self.told.append)

    @property
    def wanted(self) -> tuple[int, int]:
        [(command, _, _)] = self.host.asked
        return (command.columns, command.rows)


def test_the_old_size_returns_when_the_lease_ends() -> None:
    play = Play()
    play.take(play.phone, Grid(60, 20))
    play.host.answer()
    assert play.told == [Grid(60, 20)]
    play.clock.pass_seconds(9.9)
    assert not play.host.asked
    play.clock.pass_seconds(0.2)
    assert play.wanted == (80, 25)


def test_to_take_it_again_keeps_the_first_size_and_moves_the_end() -> None:
    play = Play()
    play.take(play.phone, Grid(60, 20))
    play.host.answer()
    play.clock.pass_seconds(9)
    play.take(play.phone, Grid(50, 10))
    play.host.answer()
    play.clock.pass_seconds(9)
    assert not play.host.asked
    play.leases.drop_client(play.phone)
    assert play.wanted == (80, 25)


def test_the_old_size_returns_though_the_layout_still_shows_the_size_before() -> None:
    play = Play()
    play.take(play.phone, Grid(60, 20))
    play.host.answer()
    play.take(play.phone, Grid(50, 10))
    play.host.answer()
    play.host.size = Grid(60, 20)
    play.leases.drop_client(play.phone)
    assert play.wanted == (80, 25)


def test_another_client_is_refused_and_told_who_has_it() -> None:
    play = Play()
    play.take(play.phone, Grid(60, 20))
    with pytest.raises(Held) as error:
        play.take(play.pad, Grid(61, 21))
    assert error.value.holder == "phone"


def test_a_size_that_the_user_chose_meanwhile_stays() -> None:
    play = Play()
    play.take(play.phone, Grid(60, 20))
    play.host.answer()
    play.host.size = Grid(132, 43)
    play.leases.drop_client(play.phone)
    assert not play.host.asked


def test_a_client_that_goes_before_the_answer_leaves_nothing() -> None:
    play = Play()
    play.take(play.phone, Grid(60, 20))
    play.leases.drop_client(play.phone)
    play.host.answer()
    assert play.wanted == (80, 25)


def test_a_refused_size_is_no_lease() -> None:
    play = Play()
    play.take(play.phone, Grid(60, 20))
    refusal: RequestError = Iterm2Unavailable("gone")
    play.host.asked.popleft()[2](refusal)
    assert play.told == [refusal]
    play.take(play.pad, Grid(61, 21))
    play.clock.pass_seconds(60)
    assert len(play.host.asked) == 1, "nothing is given back that was not given"


def test_to_renew_it_does_not_fight_the_user() -> None:
    play = Play()
    play.take(play.phone, Grid(60, 20))
    play.host.answer()
    play.host.size = Grid(132, 43)
    play.clock.pass_seconds(9)
    play.take(play.phone, Grid(60, 20))
    assert not play.host.asked
    assert play.told == [Grid(60, 20), Grid(132, 43)], "it is told what the session has"
    play.clock.pass_seconds(9)
    with pytest.raises(Held):
        play.take(play.pad, Grid(61, 21))
    play.leases.drop_client(play.phone)
    assert all((command.columns, command.rows) == (132, 43) for command, _, _ in play.host.asked)


def test_another_size_is_a_wish_of_its_own_and_the_users_returns_after_it() -> None:
    play = Play()
    play.take(play.phone, Grid(60, 20))
    play.host.answer()
    play.host.size = Grid(132, 43)
    play.take(play.phone, Grid(50, 10))
    play.host.answer()
    assert play.told == [Grid(60, 20), Grid(50, 10)]
    play.leases.drop_client(play.phone)
    assert play.wanted == (132, 43)


def test_what_was_refused_is_asked_for_again() -> None:
    play = Play()
    play.take(play.phone, Grid(60, 20))
    play.host.answer()
    play.take(play.phone, Grid(50, 10))
    refusal: RequestError = Iterm2Unavailable("gone")
    play.host.asked.popleft()[2](refusal)
    play.take(play.phone, Grid(50, 10))
    assert play.wanted == (50, 10)


def test_the_next_lease_does_not_take_the_last_ones_size_for_the_users() -> None:
    play = Play()
    play.take(play.phone, Grid(60, 20))
    play.host.answer()
    play.leases.drop_client(play.phone)
    play.host.answer()
    play.host.size = Grid(60, 20)  # the layout is a moment behind
    play.take(play.pad, Grid(61, 21))
    play.host.answer()
    play.leases.drop_client(play.pad)
    assert play.wanted == (80, 25)


def test_once_the_layout_shows_the_old_size_again_the_next_one_is_the_users() -> None:
    play = Play()
    play.take(play.phone, Grid(60, 20))
    play.host.answer()
    play.leases.drop_client(play.phone)
    play.host.answer()
    play.leases.keep_sessions({SESSION})
    play.host.size = Grid(60, 20)
    play.take(play.pad, Grid(61, 21))
    play.host.answer()
    play.leases.drop_client(play.pad)
    assert play.wanted == (60, 20)
