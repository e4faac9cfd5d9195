"""What a trace subscribes to, lets through and counts."""

import pytest

from bus.codec import Event, Frame
from bus.messages.events import Closed, FrameHeader, Iterm2Changed
from bus.messages.layout import Iterm2Status
from bus.messages.stat import BrokerFigures, Stat, Usage
from itermbus.tracing import Counts, Filter, Lost
from tests.itermbus.support import SESSION_ID

_USAGE = Usage(cpu_seconds=0.0, memory_peak_bytes=0)
_FIGURES = BrokerFigures(
    iterm2_state="connected",
    snapshot_age=None,
    **dict.fromkeys(
        (
            *("sessions", "attached", "iterm2_connections", "reconcile_rounds", "snapshots", "screens_followed"),
            *("screens_shown", "offset_words_dropped", "commands_answered", "malformed"),
        ),
        0,
    ),
)
_OTHER = SESSION_ID.replace("0", "F")


def _frame(offset: int, data: bytes, epoch: str = "e", session_id: str = SESSION_ID) -> Frame:
    return Frame(session_id, FrameHeader(epoch=epoch, offset=offset, time=100.0), data)


@pytest.mark.parametrize(
    ("wanted", "prefixes"),
    [
        (Filter(), ["pty.", "event.", "stat."]),
        (Filter(with_input=True), ["pty.", "event.", "stat.", "input."]),
        (Filter(topics=("input",)), ["input."]),
        (Filter(session_id=SESSION_ID, topics=("input",)), [f"input.{SESSION_ID}"]),
        (Filter(session_id=SESSION_ID, with_input=True), [f"pty.{SESSION_ID}", f"input.{SESSION_ID}", "event."]),
        (Filter(process=f"pty-{SESSION_ID}", topics=("input.",)), [f"input.{SESSION_ID}"]),
        (Filter(topics=("pty.", "event.size")), ["pty.", "event.size"]),
        (Filter(topics=("event.", "event.size")), ["event."]),
        (Filter(session_id=SESSION_ID), [f"pty.{SESSION_ID}", "event."]),
        (Filter(session_id=SESSION_ID, topics=("pty.",)), [f"pty.{SESSION_ID}"]),
        (Filter(session_id=SESSION_ID, process="broker"), ["event."]),
        (Filter(process="gateway"), ["stat.gateway"]),
        (Filter(process="gateway", topics=("pty.",)), []),
        (Filter(session_id=SESSION_ID, process=f"pty-{_OTHER}", topics=("pty.",)), []),
    ],
)
def test_only_what_is_wanted_is_subscribed_to(wanted: Filter, prefixes: list[str]) -> None:
    assert sorted(wanted.prefixes()) == sorted(prefixes)


def test_events_are_taken_by_session_and_process() -> None:
    closed = Event("closed", Closed(session_id=SESSION_ID), b"")
    global_one = Event("iterm2", Iterm2Changed(iterm2=Iterm2Status(state="connected")), b"")
    assert Filter(session_id=SESSION_ID).takes(closed)
    assert not Filter(session_id=_OTHER).takes(closed)
    assert not Filter(session_id=SESSION_ID).takes(global_one)
    assert Filter(process="broker").takes(closed)
    assert not Filter(process=f"pty-{SESSION_ID}").takes(closed)
    assert Filter(process=f"pty-{SESSION_ID}").takes(_frame(0, b"x"))
    stat = Stat(process=f"pty-{SESSION_ID}", pid=1, time=0, usage=_USAGE, figures=_FIGURES)
    assert Filter(process=f"pty-{SESSION_ID}").takes(stat)


def test_what_did_not_come_is_counted_by_offset() -> None:
    counts = Counts()
    assert counts.take(_frame(10, b"abc"), 100.5) is None
    assert counts.take(_frame(13, b"de"), 100.1) is None
    assert counts.take(_frame(0, b"zz", session_id=_OTHER), 100.0) is None
    assert counts.take(_frame(20, b"x"), 100.0) == Lost(SESSION_ID, "e", 15, 20)
    assert counts.take(_frame(13, b"de"), 100.0) is None  # a repetition moves nothing
    assert counts.take(_frame(21, b"y"), 100.0) is None
    assert counts.take(_frame(0, b"n", epoch="f"), 100.0) is None
    assert (counts.gaps, counts.gap_bytes, counts.new_epochs, counts.frames) == (1, 5, 1, 7)
    assert counts.latency_most == pytest.approx(0.5)
