"""How the broker ends with everything else; each test has a system of its own."""

import time
from collections.abc import Iterator

import psutil
import pytest

from broker import iterm2_look
from broker.attach import DETACHING
from bus.errors import Busy
from bus.messages.commands import Attach, DetachAll
from bus.messages.results import Done
from tests.broker.system import System, running_system
from tests.support import temporary_home, wait_until


@pytest.fixture
def own_system() -> Iterator[System]:
    with temporary_home() as home, running_system(home) as running:
        yield running


def test_detaching_stops_our_coprocesses_and_starts_none(own_system: System) -> None:
    system = own_system
    foreign, ours = system.new_session().session_id, system.new_session().session_id
    system.as_user(lambda link: system.stop_and_run(link, foreign, "exec cat"))
    wait_until(lambda: foreign not in system.states(), "the worker of the foreign coprocess to be removed")
    system.call(DetachAll(), Done)
    system.wait_reason(ours, DETACHING)
    assert system.as_user(lambda link: iterm2_look.get_coprocess(link, ours)) is None
    assert system.as_user(lambda link: iterm2_look.get_coprocess(link, foreign)) == "exec cat"
    with pytest.raises(Busy):
        system.call(Attach(session_id=ours), Done)
    # Rounds go on every half second, and none of them attaches again.
    deadline = time.monotonic() + 1.5
    while time.monotonic() < deadline:
        assert not system.sessions()[ours].attached
    system.kill("broker")
    system.wait_attached(ours)


def test_the_broker_does_not_outlive_supervisord(own_system: System) -> None:
    system = own_system
    broker = psutil.Process(system.pid("broker"))
    supervisord = psutil.Process(int(system.paths.supervisor_pid.read_text()))
    supervisord.kill()
    began = time.monotonic()
    psutil.wait_procs([broker], timeout=30)
    assert not broker.is_running()
    assert time.monotonic() - began < 5
