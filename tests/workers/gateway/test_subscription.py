"""A dialect 2 client on one session: by offset exactly the stream, or a gap that names what is missing."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.errors import Iterm2Unavailable, RequestError, RequestTimeout
from bus.messages.events import SizeChanged
from bus.position import Position
from tests.contract import problem
from tests.workers.gateway.playbook import SESSION, Broker, Clock, Worker
from workers.gateway.connection import Owner
from workers.gateway.encoders import Encoding
from workers.gateway.reader import Upstream
from workers.gateway.stream import Stream
from workers.gateway.subscription import Subscription, Wanted


class Out:
    """What the client was sent, in short, and checked: `offset:bytes`, `[screen@offset]`, `gap from-to`."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.stream = b""
        self.at: int | None = None
        self.full = False
        self.reading: list[Any] = []
        self.has_room = True
        self.last: tuple[Owner, object] | None = None

    def send_output(self, lines: list[bytes], owner: Owner, before: object) -> bool:
        if self.full:
            owner.take_back(before)
            return False
        self.last = owner, before
        for line in lines:
            self._take(json.loads(line))
        return True

    def when_read(self, action: Any) -> None:
        self.reading.append(action)

    def read(self) -> None:
        actions, self.reading = self.reading, []
        for action in actions:
            action()

    def _take(self, message: dict[str, Any]) -> None:
        assert problem(message, 2) is None
        match message["type"]:
            case "data":
                assert self.at is None or message["offset"] == self.at
                self.at = message["next"]
                data = base64.b64decode(message["data"])
                self.stream += data
                self.got.append(f"{message['offset']}:{data.decode(errors='replace')}")
            case "snapshot":
                self.at = message["offset"] if message["epoch"] else None
                self.got.append(f"[{message['offset']}]")
            case "gap":
                self.got.append(f"gap {message['from']}-{message['to']}")
            case kind:
                self.got.append(f"{kind}@{message['offset']}")


class Play:
    def __init__(
        self,
        printed: bytes = b"",
        *,
        encoding: Encoding = Encoding.RAW,
        window: int | None = None,
        sized_at: int = 0,
        start: bool = True,
        has_stream: bool = True,
    ) -> None:
        self.clock = Clock()
        self.worker = Worker(printed)
        self.worker.sized_at = sized_at
        self.broker = Broker()
        self.stream = Stream(SESSION, self.worker, self.clock.timers)  # type: ignore[arg-type]
        self.stream.start(from_beginning=True)
        if start:
            self.worker.answer_all()
        self.out = Out()
        upstream = Upstream(self.broker, self.worker)  # type: ignore[arg-type]
        stream, wanted = self.stream if has_stream else None, Wanted(encoding, window)
        self.sub = Subscription(SESSION, stream, self.out, upstream, self.clock.timers, wanted)

    def print(self, data: bytes) -> None:
        self.stream.take([self.worker.print(data)])

    def size(self, offset: int) -> None:
        self.stream.take([SizeChanged(session_id=SESSION, epoch="e1", offset=offset, columns=80, rows=24)])

    @property
    def got(self) -> list[str]:
        return self.out.got


def test_a_snapshot_then_every_byte_from_its_offset() -> None:
    play = Play(b"before ")
    play.sub.begin()
    play.broker.answer("e1", 7)
    play.print(b"after")
    assert play.got == ["[7]", "7:after"]


def test_what_came_after_the_snapshot_was_taken_is_fetched() -> None:
    play = Play(b"0123456789")
    play.sub.begin()
    play.broker.answer("e1", 4)
    play.worker.answer_all()
    play.print(b"ab")
    assert play.got == ["[4]", "4:456789", "10:ab"]


def test_a_snapshot_ahead_of_the_stream_waits_for_it() -> None:
    play = Play(b"0123")
    frames = [play.worker.print(b"45"), play.worker.print(b"67"), play.worker.print(b"89")]
    play.sub.begin()
    play.broker.answer("e1", 6)
    for frame in frames:
        play.stream.take([frame])
        play.worker.answer_all()
    assert (play.got[0], play.out.stream) == ("[6]", b"6789")


def test_a_resume_gets_what_is_missing_and_no_snapshot() -> None:
    play = Play(b"0123456789")
    play.sub.begin(Position("e1", 3))
    play.worker.answer_all()
    play.out.read()
    play.print(b"ab")
    assert play.got == ["3:3456789", "10:ab"]


def test_a_resume_from_the_head_is_live_at_once() -> None:
    play = Play(b"0123")
    play.sub.begin(Position("e1", 4))
    play.worker.answer_all()
    play.print(b"45")
    assert play.got == ["4:45"]


@pytest.mark.parametrize(
    ("place", "tail", "sized_at", "expected"),
    [
        (Position("e1", 3), 5, 0, ["gap 3-10", "[10]"]),
        (Position("e1", 3), 0, 4, ["gap 3-10", "[10]"]),
        (Position("e0", 3), 0, 0, ["[10]"]),
        (Position("e1", 11), 0, 0, ["[10]"]),
    ],
    ids=["older than the ring", "before a resize", "another epoch", "beyond the head"],
)
def test_a_resume_that_cannot_be_is_a_snapshot(place: Position, tail: int, sized_at: int, expected: list[str]) -> None:
    play = Play(b"0123456789", sized_at=sized_at)
    play.worker.tail = tail
    play.sub.begin(place)
    play.worker.answer_all()
    play.broker.answer("e1", 10)
    play.print(b"x")
    assert play.got == [*expected, "10:x"]


def test_a_client_that_was_behind_gets_a_gap_and_a_snapshot() -> None:
    play = Play(b"")
    play.sub.begin()
    play.broker.answer("e1", 0)
    play.print(b"one")
    play.out.full = True
    play.print(b"two")
    play.print(b"three")
    play.out.full = False
    play.sub.caught_up()
    play.broker.answer("e1", 11)
    play.print(b"four")
    assert play.got == ["[0]", "0:one", "gap 3-11", "[11]", "11:four"]


def test_a_snapshot_on_request_comes_when_the_bytes_before_it_have() -> None:
    play = Play(b"")
    play.sub.begin()
    play.broker.answer("e1", 0)
    told: list[RequestError | None] = []
    play.sub.ask_snapshot(0, "id", told.append)
    play.print(b"one")
    play.broker.answer("e1", 3)
    play.worker.answer_all()
    play.print(b"two")
    assert (play.got, told) == (["[0]", "0:one", "[3]", "3:two"], [None])


def test_an_approximate_snapshot_is_followed_by_another_in_its_place() -> None:
    play = Play(b"0123")
    play.sub.begin()
    play.broker.answer("e1", 4, approximate=True)
    play.print(b"45")
    for _ in range(4):
        play.clock.pass_seconds(0.3)
        play.worker.answer_all()
    play.broker.answer("e1", 6)
    assert play.got == ["[4]", "4:45", "[6]"]


def test_a_new_epoch_names_what_the_old_one_still_had() -> None:
    play = Play(b"")
    play.sub.begin()
    play.broker.answer("e1", 0)
    play.print(b"one")
    play.out.full = True
    play.print(b"two")
    play.worker.begin_epoch("e2")
    play.stream.begin_epoch("e2")
    play.worker.answer_all()
    play.out.full = False
    play.sub.caught_up()
    play.broker.answer("e2", 0)
    play.print(b"new")
    assert play.got == ["[0]", "0:one", "gap 3-6", "[0]", "0:new"]


def test_the_same_epoch_again_is_repaired_and_nothing_new() -> None:
    play = Play(b"")
    play.sub.begin()
    play.broker.answer("e1", 0)
    play.worker.print(b"lost")
    play.stream.begin_epoch("e1")
    play.worker.answer_all()
    assert play.got == ["[0]", "0:lost"]


def test_what_the_ring_has_lost_is_a_gap() -> None:
    play = Play(b"")
    play.sub.begin()
    play.broker.answer("e1", 0)
    play.worker.print(b"lost for good")
    play.worker.tail = len(play.worker.data)
    play.print(b"!")
    play.worker.answer_all()
    play.broker.answer("e1", 14)
    assert play.got == ["[0]", "gap 0-14", "[14]"]


def test_a_snapshot_without_a_place_does_not_lose_the_clients() -> None:
    """The broker had the screen and its worker did not answer it: what the client misses is named, or still sent."""
    play = Play(b"0123456789")
    play.worker.tail = 5
    play.sub.begin(Position("e1", 2))
    play.worker.answer_all()
    play.broker.answer(None, 0)
    play.print(b"x")
    assert play.got == ["gap 2-10", "10:x"]
    play.sub.ask_snapshot(0, 1, lambda error: play.got.append("refused" if error else "answered"))
    play.print(b"y")
    play.broker.answer(None, 0)
    play.worker.answer_all()
    play.print(b"z")
    assert play.got == ["gap 2-10", "10:x", "refused", "11:y", "12:z"]


def test_a_session_without_a_stream_is_told_by_snapshots_wherever_the_broker_places_them() -> None:
    """The broker may know of a worker before the layout does: then its snapshots have a place already."""
    play = Play(has_stream=False)
    play.sub.begin()
    play.broker.answer("e1", 4)
    play.sub.ask_snapshot(0, 1, lambda error: play.got.append("refused" if error else "answered"))
    play.broker.answer("e1", 6)
    play.sub.ask_snapshot(0, 2, lambda error: play.got.append("refused" if error else "answered"))
    play.broker.answer(None, 0)
    assert play.got == ["[4]", "gap 4-6", "[6]", "answered", "[0]", "answered"]
    assert not play.broker.is_asked


def test_without_worker_and_broker_the_loss_is_named_when_one_of_them_is_back() -> None:
    play = Play(b"0123456789", start=False)
    play.worker.tail = 5
    play.worker.refuse(RequestTimeout("stopped"))
    play.sub.begin(Position("e1", 2))
    play.worker.answer_all()
    play.broker.refuse(Iterm2Unavailable("gone"))
    assert play.got == []
    play.clock.pass_seconds(0.6)
    play.worker.answer_all()
    play.broker.answer("e1", 10)
    play.worker.answer_all()
    play.print(b"x")
    assert play.got == ["gap 2-10", "[10]", "10:x"]


def test_marks_stand_between_the_right_bytes_live_and_in_a_replay() -> None:
    play = Play(b"01234")
    play.size(5)
    play.print(b"5")
    play.size(8)
    play.sub.begin(Position("e1", 2))
    play.worker.answer_all()
    play.out.read()
    play.print(b"6789")
    play.size(9)
    assert play.got == ["2:234", "size@5", "5:5", "6:67", "size@8", "8:89", "size@9"]


def test_without_a_broker_bytes_go_on_and_the_snapshot_comes_later() -> None:
    play = Play(b"0123")
    play.sub.begin()
    play.broker.refuse(Iterm2Unavailable("gone"))
    play.worker.answer_all()
    play.print(b"45")
    assert play.got == ["4:45"]
    play.clock.pass_seconds(1.1)
    assert play.broker.is_asked


def test_credit_is_spent_to_the_byte_and_given_back_for_what_was_dropped() -> None:
    play = Play(b"", window=4)
    play.sub.begin()
    play.broker.answer("e1", 0)
    play.print(b"012345")
    play.worker.answer_all()
    assert play.got == ["[0]", "0:0123"]
    play.out.full = True
    play.sub.add_credit(1)
    play.worker.answer_all()
    play.out.full = False
    play.sub.caught_up()
    play.broker.answer("e1", 5)
    play.worker.answer_all()
    assert play.got[2:] == ["gap 4-5", "[5]", "5:5"]


@given(
    st.lists(st.sampled_from(["é", "a", "\x1b[31m", "\x1b[6n", "\x1b]11;?\x07", "xyz" * 3000]), max_size=30), st.data()
)
def test_stripped_bytes_count_their_queries_however_they_arrive(tokens: list[str], data: st.DataObject) -> None:
    stream = "".join(tokens).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    play = Play(encoding=Encoding.STRIPPED)
    play.sub.begin()
    play.broker.answer("e1", 0)
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        if end > start:
            play.print(stream[start:end])
    assert play.out.stream == "".join(t for t in tokens if t not in ("\x1b[6n", "\x1b]11;?\x07")).encode()
    assert (play.out.at or 0) == len(stream)


@given(st.data())
def test_whatever_is_dropped_by_offset_it_is_the_stream_or_a_gap(data: st.DataObject) -> None:
    """Random prints, backlogs, requests and losses: `Out` checks that each byte follows the one before."""
    play = Play(b"")
    play.sub.begin()
    steps = st.sampled_from(["print", "drop", "full", "read", "ask", "answer", "tick"])
    for step in data.draw(st.lists(steps, max_size=40)):
        match step:
            case "print":
                play.print(b"%06d," % len(play.worker.data))
            case "drop":
                play.worker.print(b"%06d," % len(play.worker.data))
            case "full":
                play.out.full = True
            case "read":
                if play.out.full:
                    play.out.full = False
                    play.sub.caught_up()
                play.out.read()
            case "ask":
                play.sub.ask_snapshot(0, None, lambda _error: None)
            case "answer":
                while play.broker.is_asked:
                    play.broker.answer("e1", len(play.worker.data))
                play.worker.answer_all()
            case "tick":
                play.clock.pass_seconds(0.3)
    play.out.full = False
    play.print(b"the end")
    for _ in range(8):
        play.sub.caught_up()
        play.out.read()
        while play.broker.is_asked:
            play.broker.answer("e1", len(play.worker.data))
        play.clock.pass_seconds(0.6)
        play.worker.answer_all()
    assert play.out.at == len(play.worker.data)
    at = None
    for entry in play.got:
        if entry.startswith("gap "):
            begin, end = entry[4:].split("-")
            assert at is None or at == int(begin)
            at = int(end)
        elif entry.startswith("["):
            assert at is None or at == int(entry[1:-1])
            at = int(entry[1:-1])
        else:
            begin, text = entry.split(":", 1)
            assert text.encode() == play.worker.data[int(begin) : int(begin) + len(text)]
            assert at == int(begin)
            at = int(begin) + len(text)


def test_who_takes_over_stands_where_the_first_dropped_line_of_either_was() -> None:
    play = Play(b"0123")
    play.sub.begin()
    play.broker.answer("e1", 4)
    play.print(b"45")
    assert play.out.last is not None
    owner, before = play.out.last
    play.print(b"67")
    old, wanted = play.sub, Wanted(Encoding.RAW, 100)
    old.close()
    upstream = Upstream(play.broker, play.worker)  # type: ignore[arg-type]
    new = Subscription(SESSION, play.stream, play.out, upstream, play.clock.timers, wanted)
    new.take_over(old)
    new.begin(Position("e1", 8))
    play.worker.answer_all()
    play.print(b"89")
    owner.take_back(before)
    assert new.place == Position("e1", 4)
    new.caught_up()
    play.broker.answer("e1", 10)
    assert play.got[-2:] == ["gap 4-10", "[10]"]
