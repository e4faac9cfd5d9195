"""The host's own figures on the bus, from a real host and through the broker's real proxy."""

import os
import signal
from collections.abc import Callable, Iterator

import pytest
import zmq

from broker.trace import TraceProxy
from bus.messages.stat import HeadlessFigures, Stat
from bus.paths import Paths
from bus.subscriber import Subscriber
from tests.headless.conftest import HostProcess, wait_until
from tests.headless.test_coprocess_host import run

_FLOOD = 6_000_000

Latest = Callable[[], HeadlessFigures]


@pytest.fixture
def latest(host: HostProcess) -> Iterator[Latest]:
    """The next figures that come. The host was there before anybody who could hear it."""
    paths = Paths(host.home)
    with TraceProxy(paths), zmq.Context() as context, Subscriber(context, [paths.bus_pub], [b"stat.headless"]) as bus:

        def receive() -> HeadlessFigures:
            stat = wait_until(lambda: bus.receive(0.1), "figures")
            assert isinstance(stat, Stat)
            assert isinstance(stat.figures, HeadlessFigures)
            assert (stat.process, stat.pid) == ("headless", host.process.pid)
            return stat.figures

        yield receive


def test_it_counts_what_waits_for_a_coprocess_that_does_not_read(host: HostProcess, latest: Latest) -> None:
    with host.connect() as client:
        session = client.sessions()[0]
        assert latest().coprocesses == 0
        run(client, session, "exec sleep 1000")
        client.type(session, f"head -c {_FLOOD} /dev/zero | tr '\\\\0' x\n")
        # What the pipe took waits for nobody any more.
        figures = wait_until(lambda: _if(latest(), lambda f: f.coprocess_buffered_bytes > _FLOOD * 0.9), "it waits")
        assert (figures.sessions, figures.coprocesses, figures.clients) == (1, 1, 1)
        assert figures.coprocess_peak_bytes >= figures.coprocess_buffered_bytes
        assert figures.output_bytes >= _FLOOD
        client.invoke(session, "iterm2.stop_coprocess()")
        after = wait_until(lambda: _if(latest(), lambda f: f.coprocesses == 0), "its end")
        assert after.coprocess_buffered_bytes == 0
        assert after.coprocess_peak_bytes == figures.coprocess_peak_bytes, "it is a count since the host started"
    wait_until(lambda: latest().clients == 0, "the client to be gone")


def test_what_an_emulator_that_is_behind_costs_is_counted(host: HostProcess, latest: Latest) -> None:
    emulator = host.control(request="statistics")["emulator"]["pid"]
    with host.connect() as client:
        session = client.sessions()[0]
        assert latest().emulator_shed_bytes == 0
        os.kill(emulator, signal.SIGSTOP)
        try:
            client.type(session, f"head -c {_FLOOD} /dev/zero | tr '\\\\0' x; exit\n")
            shed = wait_until(lambda: _if(latest(), lambda f: f.emulator_shed_bytes > 0), "bytes to be dropped")
            assert shed.emulator_waiting_bytes > 0
            everything = wait_until(lambda: _if(latest(), lambda f: f.output_bytes >= _FLOOD), "all of the output")
        finally:
            os.kill(emulator, signal.SIGCONT)
    after = wait_until(lambda: _if(latest(), lambda f: f.emulator_waiting_bytes == 0), "the emulator to catch up")
    assert after.output_bytes >= everything.output_bytes
    assert after.emulator_shed_bytes >= shed.emulator_shed_bytes


def _if(figures: HeadlessFigures, condition: Callable[[HeadlessFigures], bool]) -> HeadlessFigures | None:
    return figures if condition(figures) else None
