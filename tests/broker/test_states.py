"""What the bus says of the connection to iTerm2, in words, while that comes and goes; the model stays meanwhile."""

from tests.broker.agreement import wait_agreement
from tests.broker.host import Host
from tests.broker.system import System, wait_event
from tests.support import wait_until

Pair = tuple[Host, System]


def wait_state(system: System, state: str) -> str:
    """The reason that goes with a state."""
    return wait_until(lambda: (now := system.layout().iterm2) and now.state == state and (now.reason or "-"), state)


def test_a_refusal_is_told_and_nothing_is_removed(faulty: Pair) -> None:
    host, system = faulty
    before = system.new_session().session_id
    known = set(system.sessions())
    host.fault("refuse", status=401, count=1)
    host.fault("drop_clients")
    assert "reopen" in wait_state(system, "refused")
    assert set(system.sessions()) == known
    assert system.sessions()[before].attached
    wait_state(system, "connected")
    wait_agreement(host, system)


def test_a_host_that_quits_is_told_as_not_running(faulty: Pair) -> None:
    host, system = faulty
    host.stop()
    assert "not running" in wait_state(system, "not_running")
    wait_until(lambda: not system.sessions() and not system.states(), "its sessions and workers to be gone")
    host.start()
    wait_state(system, "connected")
    wait_agreement(host, system)


def test_a_change_of_state_is_one_line_in_the_log(faulty: Pair) -> None:
    host, system = faulty
    log = system.paths.log / "broker.log"
    before = len(log.read_text().splitlines())
    host.fault("drop_clients")
    wait_until(lambda: len(log.read_text().splitlines()) >= before + 2, "two lines in the log")
    wait_agreement(host, system)
    lost, connected, *more = log.read_text().splitlines()[before:]
    assert "iTerm2 is lost: " in lost
    assert connected.endswith("iTerm2 is connected")
    assert not more


def test_each_change_of_state_is_an_event(faulty: Pair) -> None:
    host, system = faulty
    with system.subscribe("iterm2") as changes:
        host.fault("drop_clients")
        lost = wait_event(changes, lambda body: body.iterm2.state == "lost", "the loss")
        assert lost.iterm2.reason
        wait_event(changes, lambda body: body.iterm2.state == "connected", "the new connection")
    wait_agreement(host, system)
