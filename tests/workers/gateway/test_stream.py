"""What followers of a stream get, whatever becomes of its frames on the way."""

from bus.errors import RequestTimeout
from bus.limits import REPLAY_BYTES
from bus.position import Position
from tests.workers.gateway.playbook import SESSION, Clock, Output, Worker
from workers.gateway.encoders import Encoding, Item
from workers.gateway.stream import Stream


class Follower:
    def __init__(self) -> None:
        self._output = Output()
        self.got = self._output.got
        self.has_room = True

    def send_output(self, items: list[Item]) -> None:
        self._output.send_output([item.line for item in items])

    def stream_broke(self) -> None:
        self.got.append("broke")


class Play:
    """A stream with one follower."""

    def __init__(self, printed: bytes = b"", *, from_beginning: bool = True) -> None:
        self.clock = Clock()
        self.worker = Worker(printed)
        self.stream = Stream(SESSION, self.worker, self.clock.timers)  # type: ignore[arg-type]
        self.follower = Follower()
        self.channel = self.stream.join(Encoding.DIALECT1)
        self.channel.follow(self.follower)
        self.stream.start(from_beginning=from_beginning)
        self.worker.answer_all()

    @property
    def got(self) -> list[bytes | str]:
        return self.follower.got


def test_a_new_session_is_followed_from_its_first_byte() -> None:
    assert Play(b"prompt$ ").got == [b"prompt$ "]


def test_an_old_session_is_followed_from_where_it_stands() -> None:
    play = Play(b"old", from_beginning=False)
    play.stream.take([play.worker.print(b"new")])
    assert play.got == [b"new"]


def test_a_new_session_whose_beginning_is_lost_is_followed_from_where_it_stands() -> None:
    clock, worker = Clock(), Worker(b"0123456789")
    worker.tail = 4
    stream = Stream(SESSION, worker, clock.timers)  # type: ignore[arg-type]
    stream.start(from_beginning=True)
    worker.answer_all()
    assert stream.expected == Position("e1", 10)


def test_frames_come_through_once_each_and_in_order() -> None:
    play = Play()
    first, second = play.worker.print(b"one "), play.worker.print(b"two ")
    play.stream.take([first, second, second, first])
    play.stream.take([play.worker.print(b"three")])
    assert play.got == [b"one two three"]


def test_a_frame_that_was_dropped_is_fetched() -> None:
    play = Play()
    play.stream.take([play.worker.print(b"one ")])
    play.worker.print(b"lost ")
    play.stream.take([play.worker.print(b"three ")])
    assert play.got == [b"one "]
    play.worker.answer_all()
    play.stream.take([play.worker.print(b"four")])
    assert play.got == [b"one lost three four"]


def test_frames_that_come_while_one_is_fetched_are_neither_lost_nor_doubled() -> None:
    play = Play()
    play.worker.print(b"lost ")
    play.stream.take([play.worker.print(b"two ")])
    play.stream.take([play.worker.print(b"three ")])
    play.worker.answer()
    play.stream.take([play.worker.print(b"four")])
    assert play.got == [b"lost two three four"]


def test_a_worker_that_does_not_answer_is_asked_again() -> None:
    play = Play()
    play.worker.print(b"lost ")
    play.stream.take([play.worker.print(b"two")])
    play.worker.refuse(RequestTimeout("late"))
    assert not play.worker.is_asked
    play.clock.pass_seconds(0.3)
    play.worker.answer_all()
    assert play.got == [b"lost two"]


def test_what_the_ring_has_lost_breaks_the_stream() -> None:
    play = Play()
    play.stream.take([play.worker.print(b"one ")])
    play.worker.print(b"lost for good ")
    play.worker.tail = len(play.worker.data)
    play.stream.take([play.worker.print(b"gone too ")])
    play.worker.answer_all()
    play.stream.take([play.worker.print(b"from here on")])
    assert play.got == [b"one ", "broke", b"from here on"], "what is left could run out while it is read"


def test_there_is_room_when_any_follower_has_some_or_somebody_waits() -> None:
    play = Play()
    assert play.stream.has_room
    play.follower.has_room = False
    assert not play.stream.has_room
    second = Follower()
    other = play.stream.join(Encoding.RAW)
    other.follow(second)
    assert play.stream.has_room
    second.has_room = False
    assert not play.stream.has_room
    play.stream.when_moved(lambda: None)
    assert play.stream.has_room, "one who waits to catch up must not starve"
    play.stream.take([play.worker.print(b"x")])
    assert not play.stream.has_room
    play.channel.leave(play.follower)
    other.leave(second)
    assert play.stream.has_room, "with nobody there the stream stays at its worker's heels"


def test_what_is_missing_is_fetched_no_faster_than_it_is_taken() -> None:
    play = Play()
    play.worker.print(bytes(3 * REPLAY_BYTES))
    play.follower.has_room = False
    play.stream.take([play.worker.print(b"new")])
    play.worker.answer()
    assert not play.worker.is_asked
    play.clock.pass_seconds(10)
    assert not play.worker.is_asked
    play.follower.has_room = True
    play.clock.pass_seconds(0.1)
    play.worker.answer_all()
    assert play.stream.expected == Position("e1", 3 * REPLAY_BYTES + 3)


def test_a_new_epoch_breaks_the_stream_and_begins_at_its_first_byte() -> None:
    play = Play(b"old")
    play.worker.begin_epoch("e2")
    play.worker.print(b"first ")
    play.stream.take([play.worker.print(b"second")])
    play.worker.answer_all()
    assert play.got == [b"old", "broke", b"first second"]


def test_an_epoch_that_was_announced_breaks_the_stream_before_its_first_frame() -> None:
    play = Play(b"old")
    play.worker.begin_epoch("e2")
    play.stream.begin_epoch("e2")
    assert play.got == [b"old", "broke"]
    play.stream.begin_epoch("e2")
    play.worker.answer_all()
    play.stream.take([play.worker.print(b"new")])
    assert play.got == [b"old", "broke", b"new"]


def test_the_beginning_of_a_character_is_given_up_in_time() -> None:
    play = Play()
    play.stream.take([play.worker.print(b"a\xe2\x82")])
    play.clock.pass_seconds(0.04)
    assert play.got == [b"a"]
    play.clock.pass_seconds(0.02)
    assert play.got == [b"a\xe2\x82"]


def test_a_character_whose_rest_comes_in_time_is_not_cut() -> None:
    play = Play()
    play.stream.take([play.worker.print(b"a\xe2\x82")])
    play.clock.pass_seconds(0.04)
    play.stream.take([play.worker.print(b"\xac\xe2")])
    play.clock.pass_seconds(0.02)
    assert play.got == [b"a\xe2\x82\xac"], "the next one has its own time"


def test_who_has_left_gets_nothing() -> None:
    play = Play()
    play.channel.leave(play.follower)
    play.stream.take([play.worker.print(b"x")])
    assert play.got == []
    assert play.stream.expected == Position("e1", 1)
