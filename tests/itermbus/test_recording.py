"""A stream as an asciicast, gaps and split characters and all."""

import io
import itertools
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bus.messages.layout import Session
from itermbus.asciicast import AsciicastWriter
from itermbus.gateway_messages import AnyMessage, Closed, Data, Error, Gap, Prompt, Size, Snapshot
from itermbus.recording import Recorder
from tests.itermbus.support import SESSION_ID


class Tape:
    """A recorder with a clock that goes on by a second with each message."""

    def __init__(self) -> None:
        self.file, self.now = io.StringIO(), 1000.0
        session = Session(session_id=SESSION_ID, title="a title", columns=80, rows=25)
        self.recorder = Recorder(self.file, session, lambda: self.now)

    def take(self, *messages: AnyMessage) -> "Tape":
        for message in messages:
            self.recorder.take(message)
            self.now += 1
        return self

    def lines(self) -> list[Any]:
        self.recorder.finish()
        return [json.loads(line) for line in self.file.getvalue().splitlines()]


def _screen(data: bytes, *, columns: int = 80, more: bool = False) -> Snapshot:
    return Snapshot(epoch="e", offset=0, columns=columns, rows=25, data=data, more=more)


def _data(data: bytes) -> Data:
    return Data(epoch="e", offset=0, next=len(data), data=data)


def test_it_opens_with_the_size_and_the_whole_screen() -> None:
    header, *events = Tape().take(_data(b"before"), _screen(b"one ", more=True), _screen(b"two"), _data(b"x")).lines()
    assert {key: header[key] for key in ("version", "width", "height", "title")} == {
        "version": 2,
        "width": 80,
        "height": 25,
        "title": "a title",
    }
    assert events == [[0.0, "o", "one two"], [1.0, "o", "x"]]


def test_sizes_and_marks_stand_between_the_bytes() -> None:
    _, _, *events = (
        Tape()
        .take(
            _screen(b"s"),
            Size(columns=80, rows=25),
            Size(columns=90, rows=30),
            Prompt(state="running", command="make\x1b"),
            _data(b"x"),
            Prompt(state="finished", status=2),
            Prompt(state="prompt"),
        )
        .lines()
    )
    assert [event[1:] for event in events] == [
        ["r", "90x30"],
        ["m", "running: make\x1b"],
        ["o", "x"],
        ["m", "finished: 2"],
        ["m", "prompt"],
    ]


def test_a_gap_is_named_and_the_screen_after_it_begins_anew() -> None:
    tape = Tape().take(_screen(b"s"), _data(b"h\xc3"), Gap(epoch="e", start=5, end=105), _screen(b"t", columns=70))
    _, _, *events = tape.lines()
    assert [event[1:] for event in events] == [
        ["o", "h"],
        ["m", "gap: 100 bytes are missing"],
        ["r", "70x25"],
        ["o", "\ufffdt"],
    ]
    assert tape.recorder.gaps == [(5, 105)]


def test_what_ends_it() -> None:
    assert Tape().take(Closed(session_id=SESSION_ID)).recorder.closed
    assert Tape().take(Error(code="unsupported_version", message="no")).recorder.problem == "no"


@given(st.text(), st.lists(st.integers(0, 50)))
def test_characters_may_be_split_anywhere(text: str, cuts: list[int]) -> None:
    file = io.StringIO()
    writer = AsciicastWriter(file, columns=80, rows=25, timestamp=0, title="", term="xterm")
    data = text.encode("utf-8", "replace")
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    for start, end in itertools.pairwise(places):
        writer.output(0.0, data[start:end])
    writer.end(0.0)
    events = [json.loads(line) for line in file.getvalue().split("\n")[1:] if line]
    assert "".join(event[2] for event in events) == data.decode()
