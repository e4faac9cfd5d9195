"""The gateway's links over real workers: streams told by their heads, requests that outlive a worker."""

import os
import signal
from collections.abc import Iterator

import pytest

from bus import link
from bus.codec import Event, Frame, decode_published
from bus.errors import Busy, RequestError
from bus.limits import LINK_MESSAGE_BYTES, LINK_QUEUE_BYTES
from bus.messages.commands import GetPosition, NoteSize
from bus.messages.events import Moved, SizeChanged
from bus.messages.results import Position
from tests.support import wait_until
from tests.workers.pty.conftest import SESSION, Rig, open_rig
from workers.gateway.timers import Timers
from workers.gateway.worker_link import WorkerLink


class Play:
    """A link that is served as the gateway does, and what came over it."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.timers = Timers()
        self.workers = WorkerLink(rig.paths, self.timers)
        self.came: list[Frame | Event] = []
        self.answers: list[Position | RequestError] = []

    def serve(self) -> None:
        self.timers.run_due()
        self.came += self.workers.receive(lambda _session_id: True)

    def data(self) -> bytes:
        self.serve()
        return b"".join(message.payload for message in self.came if isinstance(message, Frame))

    def ask(self, payload: bytes = b"") -> None:
        def answered(position: Position, _payload: bytes) -> None:
            self.answers.append(position)

        self.workers.ask(SESSION, GetPosition(), Position, answered, self.answers.append, payload)

    def wait_answers(self, count: int) -> None:
        def there() -> bool:
            self.serve()
            return len(self.answers) >= count

        wait_until(there, f"{count} answers")


@pytest.fixture
def rig() -> Iterator[Rig]:
    with open_rig() as made:
        yield made


@pytest.fixture
def play(rig: Rig) -> Iterator[Play]:
    made = Play(rig)
    yield made
    made.workers.close()


def test_a_worker_that_comes_later_and_again_is_followed_without_a_hole(play: Play) -> None:
    play.workers.connect(SESSION)
    play.ask()
    play.serve()
    assert not play.answers, "nobody is there yet"
    worker = play.rig.start_worker()
    play.rig.start_shim()
    play.rig.wait_attached()
    play.wait_answers(1)
    wait_until(lambda: (play.serve(), play.came)[1], "the worker's word of where it stands")
    os.write(play.rig.output, b"one ")
    wait_until(lambda: play.data() == b"one ", "the first bytes")
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    os.write(play.rig.output, b"two ")
    play.serve()
    play.ask()
    play.rig.start_worker()
    wait_until(lambda: play.data() == b"one two ", "the bytes that its shim read meanwhile")
    play.wait_answers(2)
    assert isinstance(play.answers[0], Position), "the second may be refused: its shim may still be reading"
    offsets = [frame.header.offset for frame in play.came if isinstance(frame, Frame)]
    assert offsets == sorted(offsets)


def test_what_waits_for_a_worker_is_bounded_in_bytes_and_all_of_it_reaches_the_worker(play: Play) -> None:
    play.workers.connect(SESSION)
    payload = bytes(LINK_MESSAGE_BYTES // 2)
    while not play.answers:
        play.ask(payload)
    refused = play.answers.pop()
    assert isinstance(refused, Busy)
    asked = LINK_QUEUE_BYTES // len(payload) - 1
    play.rig.start_worker()
    play.wait_answers(asked)
    assert len(play.answers) == asked


def test_a_size_comes_after_the_bytes_before_it(play: Play) -> None:
    play.rig.start_worker()
    play.rig.start_shim()
    play.rig.wait_attached()
    play.workers.connect(SESSION)
    wait_until(lambda: (play.serve(), play.came)[1], "the worker's word of where it stands")
    os.write(play.rig.output, b"12345")
    play.rig.wait_head(5)
    play.rig.rpc.call(NoteSize(columns=99, rows=33), Position)
    os.write(play.rig.output, b"678")
    wait_until(lambda: play.data() == b"12345678", "the bytes")
    [size] = [m.body for m in play.came if isinstance(m, Event) and isinstance(m.body, SizeChanged)]
    assert (size.offset, size.columns) == (5, 99)


def test_a_follower_that_does_not_read_is_told_in_the_end_where_the_head_is(rig: Rig) -> None:
    """Many messages wait for it in the kernel, then none are made: one stands for all that it missed."""
    rig.start_worker()
    rig.start_shim()
    rig.wait_attached()
    deaf = link.connect(str(rig.session.link))
    wait_until(lambda: deaf.receive(), "the first word")
    head = 0
    for _ in range(6_000):
        head += os.write(rig.output, b"x")
        if head % 50 == 0:
            rig.wait_head(head)
    rig.wait_head(head)
    told: list[Moved] = []

    def all_told() -> bool:
        for parts in deaf.receive():
            message = decode_published(parts)
            assert isinstance(message, Event)
            assert isinstance(message.body, Moved)
            told.append(message.body)
        return bool(told) and told[-1].head == head

    wait_until(all_told, "the head")
    deaf.close()


def test_nonsense_on_a_link_costs_the_worker_nothing(rig: Rig) -> None:
    rig.start_worker()
    wait_until(rig.position, "the worker")
    for nonsense in (b"\xff" * 100, link.pack([b"\x00", b""]), link.pack([b"a", b"b", b"c"]), b"\x02\xff\xff\xff\xff"):
        rude = link.connect(str(rig.session.link))
        os.write(rude.fileno(), nonsense)
        rude.close()
    wait_until(rig.position, "an answer")
