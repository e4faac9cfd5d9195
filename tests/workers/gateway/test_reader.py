"""A repaint and what follows it: no byte missing on the client's screen, none shown twice."""

import pytest

from bus.errors import Iterm2Unavailable, RequestError, RequestTimeout
from bus.messages.events import SessionSnapshot
from tests.workers.gateway.playbook import SESSION, Broker, Clock, Output, Worker
from workers.gateway.reader import Reader, Upstream
from workers.gateway.stream import Stream


class Play:
    """One client on one session whose stream is at `printed`."""

    def __init__(self, printed: bytes = b"") -> None:
        self.clock = Clock()
        self.worker = Worker(printed)
        self.broker = Broker()
        self.stream = Stream(SESSION, self.worker, self.clock.timers)  # type: ignore[arg-type]
        self.stream.start(from_beginning=True)
        self.worker.answer_all()
        self.output = Output()
        upstream = Upstream(self.broker, self.worker)  # type: ignore[arg-type]
        self.reader = Reader(SESSION, self.stream, self.output, upstream)

    def print(self, data: bytes) -> None:
        """Prints, and the frame arrives."""
        self.stream.take([self.worker.print(data)])

    @property
    def got(self) -> list[bytes | str]:
        return self.output.got


def test_live_is_from_now_on() -> None:
    play = Play(b"before ")
    play.reader.go_live()
    play.print(b"after")
    assert play.got == [b"after"]


def test_a_screen_as_of_now_is_followed_by_what_comes() -> None:
    play = Play(b"before ")
    play.reader.refresh()
    play.broker.answer("e1", 7)
    play.print(b"after")
    assert play.got == ["<screen>", b"after"]


def test_nothing_is_sent_between_the_question_and_the_screen() -> None:
    play = Play()
    play.reader.go_live()
    play.print(b"one ")
    play.reader.refresh()
    play.print(b"two ")
    play.broker.answer("e1", 8)
    play.print(b"three")
    assert play.got == [b"one ", "<screen>", b"three"]


def test_what_came_after_the_screen_was_taken_is_fetched_and_no_more() -> None:
    play = Play(b"0123456789")
    play.reader.refresh()
    play.broker.answer("e1", 4)
    # More was printed than the stream has been given: that must come once, by the stream.
    frame = play.worker.print(b"abc")
    play.worker.answer_all()
    play.stream.take([frame])
    assert play.got == ["<screen>", b"456789abc"]


def test_the_stream_may_go_on_while_the_client_catches_up() -> None:
    play = Play(b"0123456789")
    play.reader.refresh()
    play.broker.answer("e1", 4)
    play.print(b"abc")
    play.worker.answer_all()
    play.print(b"def")
    assert play.got == ["<screen>", b"456789abcdef"]


def test_a_screen_ahead_of_the_stream_waits_for_it() -> None:
    play = Play(b"0123")
    frames = [play.worker.print(b"45"), play.worker.print(b"67"), play.worker.print(b"89")]
    play.reader.refresh()
    play.broker.answer("e1", 8)
    for frame in frames:
        play.stream.take([frame])
        play.worker.answer_all()
    assert play.got == ["<screen>", b"89"]


def test_a_screen_as_of_the_middle_of_a_sequence_gets_the_whole_sequence() -> None:
    """iTerm2's screen does not show what it has not got all of, so the client has to be sent its beginning too."""
    play = Play(b"text")
    play.print(b"\x1b[3")
    play.reader.refresh()
    play.broker.answer("e1", 7)
    play.print(b"1mred")
    assert play.got == ["<screen>", b"\x1b[31mred"]


def test_a_session_without_a_stream_is_only_painted() -> None:
    play = Play()
    reader = Reader(SESSION, None, play.output, Upstream(play.broker, play.worker))  # type: ignore[arg-type]
    reader.refresh()
    play.broker.answer(None, 0)
    assert play.got == ["<screen>"]


@pytest.mark.parametrize("error", [Iterm2Unavailable("gone"), RequestTimeout("late")])
def test_without_a_screen_the_client_is_told_and_goes_on_live(error: RequestError) -> None:
    play = Play(b"before ")
    play.reader.refresh()
    play.broker.refuse(error)
    play.print(b"after")
    assert play.got == ["error", b"after"]


def test_a_broken_stream_is_painted_anew() -> None:
    play = Play(b"before ")
    play.reader.go_live()
    play.worker.begin_epoch("e2")
    play.stream.begin_epoch("e2")
    play.worker.answer_all()
    play.print(b"seen ")
    play.broker.answer("e2", 5)
    play.print(b"after")
    assert play.got == ["<screen>", b"after"]


def test_a_screen_that_the_ring_has_left_behind_is_taken_again_a_few_times() -> None:
    play = Play(b"0123456789")
    play.worker.tail = 8
    play.reader.refresh()
    for _ in range(3):
        play.broker.answer("e1", 4)
        play.worker.answer_all()
    assert not play.broker.is_asked
    play.print(b"live")
    assert play.got == ["<screen>"] * 3 + [b"live"]


def test_a_client_that_is_behind_gets_nothing_until_it_is_painted_again() -> None:
    play = Play()
    play.reader.go_live()
    play.print(b"one ")
    play.output.full = True
    play.print(b"two ")
    play.output.full = False
    play.print(b"three ")
    assert play.got == [b"one "]
    play.reader.repaint_if_stopped()
    play.broker.answer("e1", 14)
    play.print(b"four")
    assert play.got == [b"one ", "<screen>", b"four"]


def test_an_answer_to_an_earlier_question_is_not_used() -> None:
    play = Play(b"0123")
    play.reader.refresh()
    play.reader.refresh()
    play.broker.answer("e1", 0, b"<late>")
    play.broker.answer("e1", 4)
    assert play.got == ["<screen>"]


def test_an_approximate_screen_is_followed_by_a_sure_one_once_the_session_rests() -> None:
    play = Play(b"0123")
    play.reader.refresh()
    play.broker.answer("e1", 4, b"<about>", approximate=True)
    play.print(b"45")
    play.clock.pass_seconds(0.3)
    play.print(b"67")
    assert not play.broker.is_asked, "it has not rested yet"
    for _ in range(4):
        play.clock.pass_seconds(0.3)
        play.worker.answer_all()
    play.broker.answer("e1", 8)
    play.print(b"89")
    assert play.got == ["<about>", b"4567", "<screen>", b"89"]
    play.clock.pass_seconds(5.0)
    assert not play.broker.is_asked


def test_a_start_sequence_holds_the_output_back() -> None:
    play = Play(b"0123")
    told: list[RequestError | None] = []
    play.reader.refresh(then=told.append)
    play.broker.answer("e1", 4)
    play.print(b"45")
    assert (play.got, told) == (["<screen>"], [None])
    play.reader.resume()
    play.worker.answer_all()
    play.print(b"67")
    assert play.got == ["<screen>", b"4567"]


def test_a_long_screen_goes_on_as_output() -> None:
    play = Play()
    play.reader.refresh()
    play.broker.answer("e1", 0, "é".encode() * 60_000)
    assert play.got[0] == "é" * 24_000
    assert play.got[1] == "é".encode() * 36_000


def test_a_closed_reader_sends_nothing_more() -> None:
    play = Play()
    play.reader.refresh()
    play.reader.close()
    play.broker.answer("e1", 0)
    play.reader.repaint_if_stopped()
    play.print(b"x")
    assert play.got == []
    assert not play.broker.is_asked


def told(epoch: str | None = None, offset: int = 0) -> SessionSnapshot:
    """What the broker tells unasked of a session whose bytes nobody gets."""
    return SessionSnapshot(
        session_id=SESSION, epoch=epoch, offset=offset, columns=80, rows=25, cursor_column=0, cursor_row=0
    )


def test_a_screen_that_was_told_is_shown_at_once() -> None:
    play = Play(b"bytes of before")
    play.reader.go_live()
    play.reader.show(told(), b"<told>")
    assert play.got == ["<told>"]
    assert not play.broker.is_asked


def test_a_screen_that_was_told_while_another_was_on_its_way_is_asked_for() -> None:
    """The one on its way may be the older of the two."""
    play = Play()
    reader = Reader(SESSION, None, play.output, Upstream(play.broker, play.worker))  # type: ignore[arg-type]
    reader.refresh()
    reader.show(told(), b"<told>")
    play.broker.answer(None, 0, b"<older>")
    play.broker.answer(None, 0, b"<newest>")
    assert play.got == ["<older>", "<newest>"]
    assert not play.broker.is_asked


def test_the_end_of_a_stream_is_shown_after_its_last_bytes() -> None:
    play = Play(b"first ")
    play.reader.go_live()
    frame = play.worker.print(b"last")
    play.reader.show(told("e1", 10), b"<told>")
    play.broker.answer("e1", 10)
    play.stream.take([frame])
    play.worker.answer_all()
    assert play.got == ["<screen>"]


def test_a_client_that_is_behind_gets_the_screen_when_it_has_caught_up() -> None:
    play = Play()
    play.reader.go_live()
    play.output.full = True
    play.reader.show(told(), b"<told>")
    play.reader.show(told(), b"<told>")
    play.output.full = False
    play.reader.repaint_if_stopped()
    play.broker.answer(None, 0)
    assert play.got == ["<screen>"]
