"""A lease of a size is renewed in time, and not against a user who sets another."""

from collections.abc import Mapping

from itermbus.size_lease import RENEWAL, REQUEST, SizeLease


class Play:
    """Stands for the way to the gateway, and for time."""

    def __init__(self) -> None:
        self.now = 100.0
        self.sent: list[tuple[object, object, object]] = []
        self.connected = True
        self.lease = SizeLease(self, (60, 20), lambda: self.now)  # type: ignore[arg-type]
        self.lease.welcome()

    def send(self, kind: str, keys: Mapping[str, object]) -> bool:
        assert kind == "resize"
        if self.connected:
            self.sent.append((keys["id"], keys["columns"], keys["rows"]))
        return self.connected

    def pass_seconds(self, seconds: float) -> None:
        self.now += seconds
        self.lease.renew()


def test_it_is_renewed_every_ten_seconds() -> None:
    play = Play()
    play.lease.granted((60, 20))
    play.lease.told((60, 20))
    play.pass_seconds(9)
    play.pass_seconds(1)
    assert play.sent == [(REQUEST, 60, 20), (RENEWAL, 60, 20)]


def test_a_size_that_somebody_else_sets_ends_it_until_our_terminal_changes() -> None:
    play = Play()
    play.lease.granted((60, 20))
    play.lease.told((100, 30))
    assert play.lease.taken_back
    assert play.lease.seconds_left is None
    play.pass_seconds(100)
    play.lease.welcome()
    assert play.sent == [(REQUEST, 60, 20)], "neither in time nor from the next gateway"
    play.lease.resize((70, 22))
    assert play.sent[1:] == [(REQUEST, 70, 22)]
    assert not play.lease.taken_back


def test_our_own_sizes_on_the_way_are_not_somebody_elses() -> None:
    play = Play()
    play.lease.told((80, 25))
    play.lease.resize((70, 22))
    play.lease.granted((60, 20))
    play.lease.told((60, 20))
    play.lease.granted((70, 21))
    for size in ((60, 20), (70, 22), (70, 21)):
        play.lease.told(size)
        assert not play.lease.taken_back, "what iTerm2 made of it counts as well"
    play.pass_seconds(10)
    play.lease.told((132, 43))
    assert play.lease.taken_back, "an answer to a renewal tells it too"
    play.lease.told((70, 21))
    assert not play.lease.taken_back, "the user has set it back"


def test_a_size_that_comes_before_our_answer_and_is_not_ours_is_somebody_elses() -> None:
    play = Play()
    play.lease.told((60, 20))
    play.lease.told((132, 43))
    assert not play.lease.taken_back, "it may be what iTerm2 makes of our wish"
    assert play.lease.granted((60, 20)) == (132, 43)
    play.pass_seconds(0.9)
    assert not play.lease.taken_back
    play.pass_seconds(0.2)
    assert play.lease.taken_back
    play.lease.told((60, 20))
    assert not play.lease.taken_back


def test_a_size_from_before_may_come_late() -> None:
    play = Play()
    play.lease.told((80, 25))
    play.lease.granted((60, 20))
    play.lease.told((60, 20))
    play.pass_seconds(5)
    assert not play.lease.taken_back


def test_what_was_refused_or_lost_is_asked_for_again() -> None:
    play = Play()
    play.lease.refused(REQUEST)
    play.pass_seconds(10)
    play.lease.granted((60, 20))
    play.lease.refused(RENEWAL)
    play.connected = False
    play.pass_seconds(10)
    play.lease.resize((61, 21))
    play.connected = True
    play.lease.welcome()
    assert play.sent == [(REQUEST, 60, 20), (REQUEST, 60, 20), (REQUEST, 61, 21)]
