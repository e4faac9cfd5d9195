"""The order in which what waits for a client is sent."""

import itertools
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from workers.gateway.fair_queue import SHARE_BYTES, FairQueue, Line

_NUMBERS = itertools.count()


@dataclass(eq=False)
class Session:
    key: str = field(default_factory=lambda: f"session {next(_NUMBERS)}")
    taken_back: list[object] = field(default_factory=list)

    def take_back(self, before: object) -> None:
        self.taken_back.append(before)


def _line(data: bytes, owner: Session | None = None, before: object = None, at: float = 0.0) -> Line:
    return Line(data, owner, before, at, 0)


def _send(queue: FairQueue, size: int) -> bytes:
    """What a kernel gets that takes `size` bytes."""
    data = b"".join(queue.next(64))[:size]
    queue.forget(len(data))
    return data


def _send_all(queue: FairQueue, step: int) -> bytes:
    sent = b""
    while len(queue):
        sent += _send(queue, step)
    assert queue.bytes == 0
    return sent


_PUTS = st.lists(st.tuples(st.integers(-1, 3), st.integers(1, 3000), st.booleans()), max_size=120)


@given(_PUTS, st.integers(1000, 100_000), st.integers(0, 30))
def test_nothing_is_lost_and_each_owners_lines_keep_their_order(
    puts: list[tuple[int, int, bool]], step: int, sends: int
) -> None:
    queue, owners = FairQueue(), [Session() for _ in range(4)]
    expected: dict[int, list[bytes]] = {}
    sent = b""
    for number, (who, size, last) in enumerate(puts):
        data = b"%d %d " % (who, number) + b"x" * size + b"\n"
        line = _line(data, None if who < 0 else owners[who])
        if who < 0 and last:
            queue.put_last(line)
        else:
            queue.put(line)
        expected.setdefault(who, []).append(data)
        if number % 31 < sends:
            sent += _send(queue, step // 8)
    sent += _send_all(queue, step)
    got: dict[int, list[bytes]] = {}
    for data in sent.splitlines(keepends=True):
        got.setdefault(int(data.split()[0]), []).append(data)
    if all(last for who, _, last in puts if who < 0) or not any(last for who, _, last in puts if who < 0):
        assert got == expected
    else:
        assert {who: sorted(lines) for who, lines in got.items()} == {w: sorted(lines) for w, lines in expected.items()}
        assert {who: lines for who, lines in got.items() if who >= 0} == {w: x for w, x in expected.items() if w >= 0}


def test_a_quiet_session_does_not_wait_for_a_flood() -> None:
    queue, flood, quiet = FairQueue(), Session(), Session()
    for _ in range(1000):
        queue.put(_line(b"f" * 1000, flood))
    _send(queue, 500)
    queue.put(_line(b"echo", quiet))
    before = _send_all(queue, 10_000).index(b"echo")
    assert before < 3 * SHARE_BYTES


def test_two_floods_take_turns() -> None:
    queue, one, two = FairQueue(), Session(), Session()
    for _ in range(300):
        queue.put(_line(b"1" * 1000, one))
    for _ in range(300):
        queue.put(_line(b"2" * 1000, two))
    sent = b"".join(_send(queue, 10_000) for _ in range(30))
    assert sent.count(b"2") > len(sent) / 3


def test_a_line_that_is_to_be_last_is() -> None:
    queue, flood = FairQueue(), Session()
    for _ in range(200):
        queue.put(_line(b"f" * 1000, flood))
    queue.put(_line(b"answer"))
    queue.put_last(_line(b"closed"))
    queue.put(_line(b"g" * 1000, flood))
    sent = _send_all(queue, 7777)
    assert sent.index(b"answer") < 3 * SHARE_BYTES
    assert sent.index(b"closed") == 200_000 + len(b"answer")
    assert sent.endswith(b"g" * 1000)


def test_what_is_dropped_is_told_from_its_first_line_on() -> None:
    queue, one, two = FairQueue(), Session(), Session()
    for number in range(100):
        queue.put(_line(b"1" * 1000, one, number))
    queue.put(_line(b"answer"))
    queue.put(_line(b"2", two, "two"))
    _send(queue, 1500)
    firsts = {line.owner: line.before for line in queue.drop()}
    # The second line was sent in part, and so stays.
    assert firsts == {one: 2, two: "two"}
    assert _send_all(queue, 1000) == b"1" * 500 + b"answer"


def test_the_oldest_may_be_one_that_is_held() -> None:
    queue, one, two = FairQueue(), Session(), Session()
    assert queue.oldest() is None
    queue.put(_line(b"answer", at=0))
    for number in range(100):
        queue.put(_line(b"1" * 1000, one, at=1 + number))
    queue.put(_line(b"2", two, at=500))
    oldest = queue.oldest()
    assert oldest is not None
    assert oldest.queued_at == 1
    _send(queue, 50_000)
    oldest = queue.oldest()
    assert oldest is not None
    assert oldest.queued_at < 60


def test_lines_of_one_key_keep_their_order_though_their_owner_was_replaced() -> None:
    queue, old, new = FairQueue(), Session("a"), Session("a")
    lines = [b"%05d " % number * 1000 for number in range(20)]
    for line in lines[:15]:
        queue.put(_line(line, old, line[:5]))
    for line in lines[15:]:
        queue.put(_line(line, new, line[:5]))
    assert _send(queue, 6000) == lines[0]
    assert [(first.owner, first.before) for first in queue.drop()] == [(old, b"00002")], "the first of both"
