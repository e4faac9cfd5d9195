"""What is typed is published only for who asks for exactly that."""

import os

import pytest

from bus import topics
from bus.codec import Frame, Typed
from bus.messages.commands import Input
from bus.messages.results import Written
from bus.messages.stat import Stat
from bus.subscriber import Subscriber
from tests.support import wait_until
from tests.workers.pty.conftest import SESSION, Rig

INPUT = topics.typed(SESSION)


def _attached(rig: Rig) -> None:
    rig.start_worker()
    rig.start_shim()
    rig.wait_attached()


def _type(rig: Rig, data: bytes) -> None:
    assert rig.rpc.call(Input(), Written, data)[0].written == len(data)


@pytest.mark.parametrize("prefix", [b"input.", INPUT[:-3], INPUT])
def test_what_was_written_comes_with_its_place(rig: Rig, prefix: bytes) -> None:
    _attached(rig)
    with Subscriber(rig.context, [rig.session.pub], [prefix]) as subscriber:

        def heard() -> object:
            _type(rig, b"x")
            return subscriber.receive(0.05)

        assert isinstance(wait_until(heard, "the first input"), Typed)
        while subscriber.receive(0.2) is not None:
            pass
        os.write(rig.output, b"12345")
        position = rig.wait_head(5)
        _type(rig, b"secret\n")
        typed = subscriber.receive(5)
        assert isinstance(typed, Typed)
        assert (typed.session_id, typed.payload) == (SESSION, b"secret\n")
        assert (typed.header.epoch, typed.header.offset) == (position.epoch, 5)


@pytest.mark.parametrize("prefix", [b"", b"i", b"input", b"pty.", b"input.F"])
def test_nobody_else_gets_it(rig: Rig, prefix: bytes) -> None:
    """A subscription to the worker's figures comes after this one, and is answered: then this one was known too."""
    _attached(rig)
    stat = topics.stat(topics.worker_name(SESSION))
    with Subscriber(rig.context, [rig.session.pub], [prefix, stat]) as subscriber:
        wait_until(lambda: isinstance(subscriber.receive(1), Stat), "the figures")
        _type(rig, b"secret\n")
        os.write(rig.output, b"12345")
        rig.wait_head(5)
        # What the worker sends later comes later: two more of its figures.
        got = []
        while sum(isinstance(one, Stat) for one in got) < 2:
            got.append(subscriber.receive(5))
        assert not [one for one in got if isinstance(one, Typed)]
        assert (prefix in (b"", b"pty.")) == any(isinstance(one, Frame) for one in got)


def test_it_ends_with_the_last_who_asked(rig: Rig) -> None:
    _attached(rig)
    with Subscriber(rig.context, [rig.session.pub], [b""]) as everything:
        with Subscriber(rig.context, [rig.session.pub], [b"input."]) as asked:

            def heard() -> object:
                _type(rig, b"x")
                return asked.receive(0.05)

            wait_until(heard, "the first input")
            wait_until(lambda: isinstance(everything.receive(1), Typed), "the same for everything")

        def silent() -> bool:
            while everything.receive(0) is not None:
                pass
            _type(rig, b"y")
            got = [everything.receive(2)]
            while not isinstance(got[-1], Stat):
                got.append(everything.receive(2))
            return not any(isinstance(one, Typed) for one in got)

        wait_until(silent, "the end of it")
