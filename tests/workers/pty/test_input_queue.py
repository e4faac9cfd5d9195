import pytest

from bus.errors import Busy, NotAttached, RequestError
from workers.pty.input_queue import InputQueue


class Pipe:
    """Takes `room` bytes."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.taken = b""

    def write(self, data: memoryview) -> int:
        size = min(self.room, len(data))
        self.taken += bytes(data[:size])
        self.room -= size
        return size


def test_pieces_go_in_order_and_each_is_answered_once() -> None:
    queue, pipe = InputQueue(100), Pipe(4)
    answers: list[tuple[str, int | RequestError]] = []
    for name, data in (("a", b"abc"), ("b", b""), ("c", b"defg")):
        queue.put(data, 10.0, lambda outcome, name=name: answers.append((name, outcome)))  # type: ignore[misc]
    queue.flush(pipe.write)
    assert (answers, queue.waiting_bytes) == ([("a", 3), ("b", 0)], 3)
    pipe.room = 100
    queue.flush(pipe.write)
    assert (pipe.taken, answers[2:], queue.waiting_bytes) == (b"abcdefg", [("c", 4)], 0)
    assert not queue


def test_more_than_the_bound_is_refused_whole() -> None:
    queue = InputQueue(5)
    queue.put(b"1234", 10.0, lambda _: None)
    with pytest.raises(Busy):
        queue.put(b"56", 10.0, lambda _: None)
    assert queue.waiting_bytes == 4


def test_past_the_deadline_what_was_written_counts_and_the_rest_never_comes() -> None:
    queue, pipe = InputQueue(100), Pipe(2)
    answers: list[int | RequestError] = []
    queue.put(b"abc", 10.0, answers.append)
    queue.put(b"def", 20.0, answers.append)
    queue.put(b"ghi", 10.0, answers.append)
    queue.flush(pipe.write)
    queue.expire(15.0)
    assert answers[0] == 2
    assert isinstance(answers[1], Busy)
    pipe.room = 100
    queue.flush(pipe.write)
    assert (pipe.taken, answers[2], queue.waiting_bytes) == (b"abdef", 3, 0)


def test_a_lost_pipe_refuses_all() -> None:
    queue, pipe = InputQueue(100), Pipe(2)
    answers: list[int | RequestError] = []
    queue.put(b"abc", 10.0, answers.append)
    queue.put(b"def", 10.0, answers.append)
    queue.flush(pipe.write)
    queue.refuse_all()
    assert answers[0] == 2
    assert isinstance(answers[1], NotAttached)
    assert not queue
    assert queue.waiting_bytes == 0
