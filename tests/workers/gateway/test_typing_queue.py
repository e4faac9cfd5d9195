"""Input on its way: in order, in pieces, and never with a hole in it."""

from collections import deque
from collections.abc import Callable
from typing import Any

from bus.errors import Busy, Internal, NotAttached, RequestError
from bus.messages import AnyCommand, Done, SendText, Written
from tests.workers.gateway.playbook import SESSION
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
        self.queue = TypingQueue(SESSION, broker, worker, lambda: self.attached)  # type: ignore[arg-type]

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
