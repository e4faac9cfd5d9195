"""Shedding: by time for a client that is slow, never for one that is only late, and at once for one that types."""

import socket
from collections.abc import Iterator

import pytest

from tests.workers.gateway.playbook import Clock
from workers.gateway.backlog import SHEDDING, SLOW_RATE, is_late
from workers.gateway.connection import Connection

_LINE = b"o" * 9_999 + b"\n"


class Owner:
    key = "session"

    def __init__(self) -> None:
        self.told: list[object] = []

    def take_back(self, before: object) -> None:
        self.told.append(before)


class Play:
    def __init__(self) -> None:
        self.clock = Clock()
        ours, self.theirs = socket.socketpair()
        self.theirs.setblocking(False)
        self.connection = Connection(ours, 1, 64 << 20, lambda: self.clock.now)
        self.connection.use(SHEDDING)
        self.owner = Owner()
        self.offset = 0

    def send(self, lines: int) -> None:
        for _ in range(lines):
            self.connection.send_output([_LINE], self.owner, self.offset)
            self.offset += 1
        self.connection.flush()

    def read(self, size: int) -> bytes:
        got = b""
        while len(got) < size:
            self.connection.flush()
            try:
                got += self.theirs.recv(size - len(got))
            except BlockingIOError:
                break
        return got


@pytest.fixture
def play() -> Iterator[Play]:
    made = Play()
    yield made
    made.connection.release()
    made.theirs.close()


def test_who_reads_nothing_is_shed_after_a_moment_and_told_what_stood_before(play: Play) -> None:
    play.send(100)
    play.clock.pass_seconds(2.9)
    play.connection.flush()
    assert not play.connection.behind
    play.clock.pass_seconds(0.2)
    play.connection.flush()
    assert play.connection.behind
    [before] = play.owner.told
    assert play.connection.statistics().queued_bytes <= len(_LINE), "only what may be partly sent stays"
    caught_up = []
    play.connection.on_caught_up = lambda: caught_up.append(True)
    got = play.read(10_000_000)
    assert got == _LINE * int(str(before)), "whole lines, up to the first that was dropped"
    play.connection.flush()
    assert caught_up
    assert not play.connection.behind


def test_who_takes_much_is_not_shed_however_long_the_queue(play: Play) -> None:
    for _ in range(20):
        play.send(200)
        play.clock.pass_seconds(0.1)
        assert play.read(100_000)
    assert not play.connection.behind
    assert play.connection.statistics().queued_bytes > 10_000_000


def test_who_has_typed_is_given_less_time(play: Play) -> None:
    play.connection.hurry()
    play.send(100)
    play.clock.pass_seconds(0.51)
    play.connection.flush()
    assert play.connection.behind


def test_who_types_while_behind_is_shed_at_once(play: Play) -> None:
    play.send(200)
    play.connection.hurry()
    assert not play.connection.behind, "what is young is worth sending"
    for _ in range(6):
        play.clock.pass_seconds(0.1)
        play.read(100_000)
    assert not play.connection.behind
    play.connection.hurry()
    assert play.connection.behind


def test_the_bound_in_bytes_holds(play: Play) -> None:
    while not play.connection.behind:
        play.send(100)
        assert play.offset * len(_LINE) < 2 * SHEDDING.limit
    assert play.connection.statistics().peak_bytes < SHEDDING.limit + 101 * len(_LINE)


def test_late_is_a_matter_of_time_and_of_rate() -> None:
    assert not is_late(0.2, 0, typed=True)
    assert is_late(0.6, 0, typed=True)
    assert not is_late(2.9, 0, typed=False)
    assert is_late(3.1, 0, typed=False)
    assert not is_late(10.0, 10 * SLOW_RATE, typed=True)
    assert is_late(10.0, 10 * SLOW_RATE - 1, typed=False)
