"""Input on its way: in order, in pieces, and never with a hole in it."""

from collections import deque
from collections.abc import Callable
from typing import Any

from bus.errors import Busy, Internal, NotAttached, RequestError, RequestTimeout
from bus.messages.commands import AnyCommand, SendText
from bus.messages.results import Done, Written
from tests.workers.gateway.playbook import SESSION
from workers.gateway.timers import Timers
from workers.gateway.typing_queue import _PIECE_BYTES, TypingQueue


class Asked:
    """Takes pieces, as the worker and as the broker; the test answers them one by one."""

    def __init__(self) -> None:
        self.pieces: list[tuple[str, bytes]] = []
        self._answers: deque[tuple[Callable[..., None], Callable[..., None]]] = deque()

    def ask_worker(
        self,
        session_id: str,
        command: AnyCommand,
        expected: type[Any],
        on_result: Callable[..., None],
        on_refusal: Callable[..., None],
        payload: bytes,
        seconds: float,
    ) -> None:
        self.pieces.append(("worker", payload))
        self._answers.append((on_result, on_refusal))

    def ask_broker(
        self,
        command: AnyCommand,
        expected: type[Any],
        on_result: Callable[..., None],
        on_refusal: Callable[..., None],
        payload: bytes,
        seconds: float,
    ) -> None:
        assert command == SendText(session_id=SESSION)
        self.pieces.append(("broker", payload))
        self._answers.append((on_result, on_refusal))

    def write(self, size: int | None = None) -> None:
        """The piece that waits is written, or so many bytes of it."""
        where, payload = self.pieces[-1]
        on_result, _ = self._answers.popleft()
        on_result(Written(written=len(payload) if size is None else size) if where == "worker" else Done(), b"")

    def refuse(self, error: RequestError) -> None:
        self._answers.popleft()[1](error)


class Play:
    def __init__(self, *, attached: bool = True) -> None:
        self.asked = Asked()
        self.attached = attached
        self.done: list[tuple[str, RequestError | None]] = []
        broker, worker = type("Broker", (), {}), type("Workers", (), {})
        broker.ask, worker.ask = self.asked.ask_broker, self.asked.ask_worker  # type: ignore[attr-defined]
        self.now = 0.0
        self.timers = Timers(lambda: self.now)
        self.queue = TypingQueue(SESSION, broker, worker, self.timers, lambda: self.attached)  # type: ignore[arg-type]

    def type(self, name: str, data: bytes) -> None:
        self.queue.put(data, lambda error, _written: self.done.append((name, error)))


def test_one_piece_at_a_time_and_in_order() -> None:
    play = Play()
    play.type("a", b"x" * (_PIECE_BYTES + 5))
    play.type("b", b"y")
    play.type("c", b"")
    for _ in range(3):
        play.asked.write()
    assert [len(piece) for _, piece in play.asked.pieces] == [_PIECE_BYTES, 5, 1]
    assert play.done == [("a", None), ("b", None), ("c", None)]


def test_after_a_refusal_the_rest_of_that_input_is_not_sent() -> None:
    play = Play()
    play.type("a", b"x" * (2 * _PIECE_BYTES))
    play.type("b", b"y")
    refusal = Busy("full")
    play.asked.refuse(refusal)
    play.asked.write()
    assert [piece for _, piece in play.asked.pieces[1:]] == [b"y"]
    assert play.done == [("a", refusal), ("b", None)]


def test_a_piece_written_in_part_ends_its_input_and_says_how_much_is_missing() -> None:
    play = Play()
    play.type("a", b"x" * 100)
    play.type("b", b"y")
    play.asked.write(60)
    assert play.asked.pieces[-1] == ("worker", b"y")
    [(name, error)] = play.done
    assert name == "a"
    assert isinstance(error, Busy)
    assert "40 bytes" in str(error)


def test_what_a_worker_that_died_was_asked_is_given_up_once_there_is_another() -> None:
    """Nobody knows whether it was written, so it is not typed again; what was put after it goes on."""
    play = Play()
    play.type("a", b"x")
    play.type("b", b"y")
    play.queue.worker_came()
    play.now = 0.9
    play.timers.run_due()
    assert play.done == []
    play.now = 1.1
    play.timers.run_due()
    [(name, error)] = play.done
    assert name == "a"
    assert isinstance(error, RequestTimeout)
    assert play.asked.pieces == [("worker", b"x"), ("worker", b"y")]
    # A late answer to the first is none to the second.
    play.asked.write()
    assert len(play.done) == 1
    play.asked.write()
    assert play.done[1:] == [("b", None)]


def test_a_worker_that_comes_gives_up_nothing_that_is_answered() -> None:
    play = Play()
    play.type("a", b"x")
    play.queue.worker_came()
    play.asked.write()
    play.type("b", b"y")
    play.now = 2
    play.timers.run_due()
    play.asked.write()
    assert play.done == [("a", None), ("b", None)]


def test_without_a_coprocess_it_goes_through_iterm2_in_whole_characters() -> None:
    play = Play(attached=False)
    text = "é" * 3000
    play.type("a", b"x" + text.encode())
    while not play.done:
        play.asked.write()
    assert all(where == "broker" for where, _ in play.asked.pieces)
    assert "".join(piece.decode() for _, piece in play.asked.pieces) == "x" + text


def test_a_coprocess_that_has_just_ended_is_gone_around() -> None:
    play = Play()
    play.type("a", b"text")
    play.asked.refuse(NotAttached("gone"))
    assert play.asked.pieces == [("worker", b"text"), ("broker", b"text")]
    play.asked.write()
    assert play.done == [("a", None)]


def test_many_inputs_that_are_refused_at_once_need_no_stack() -> None:
    play = Play()

    def refuse_at_once(*arguments: Any) -> None:
        arguments[4](Internal("at once"))

    play.queue._workers.ask = refuse_at_once  # type: ignore[method-assign]
    for number in range(5000):
        play.type(str(number), b"x")
    assert len(play.done) == 5000
