from pathlib import Path

import pytest
import zmq

from broker.announcer import Announcer
from broker.attach import History
from broker.attach_store import AttachStore
from broker.model import Model, SessionRecord
from broker.worker_events import QUITTING_SECONDS, WorkerEvents
from bus.messages.events import Attachment
from bus.messages.layout import Iterm2Status

A = "AAAAAAAA-0000-4000-8000-000000000000"


class Desk:
    """Worker events with a clock of the test's."""

    def __init__(self, folder: Path, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        self.model = Model(status=Iterm2Status(state="connected"), sessions={A: SessionRecord(attached=True)})
        self.now = 1000.0
        self.looks = 0
        self.attached: list[str] = []
        self.path = folder / "broker.json"
        publisher = context.socket(zmq.PUB)
        announcer = Quiet(publisher, self.model, "run")
        self.events = WorkerEvents(
            self.model, announcer, AttachStore(self.path), self._look, self.attached.append, clock=lambda: self.now
        )

    @property
    def record(self) -> SessionRecord:
        return self.model.sessions[A]

    def take(self, *, attached: bool, reason: str = "") -> None:
        event = Attachment(session_id=A, attached=attached, epoch="e", offset=0, reason=reason)  # type: ignore[arg-type]
        self.events.take(event)

    def _look(self) -> None:
        self.looks += 1


class Quiet(Announcer):
    """Tells nobody: there is no event loop here."""

    def changed(self) -> None:
        return


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    request_desk = Desk(tmp_path, context)
    context.destroy(linger=0)
    return request_desk


def test_a_new_epoch_is_told(desk: Desk) -> None:
    desk.take(attached=False)
    assert desk.attached == []
    desk.take(attached=True)
    assert desk.attached == [A]


@pytest.mark.parametrize("reason", ["stopped", "ended"])
def test_a_pipe_that_iterm2_closed_was_stopped_by_the_user(desk: Desk, reason: str) -> None:
    desk.take(attached=False, reason=reason)
    assert (desk.record.attached, desk.record.history.stopped, desk.looks) == (False, True, 1)
    assert AttachStore(desk.path).load() == {A: History(stopped=True)}


def test_what_ends_together_with_iterm2_was_not(desk: Desk) -> None:
    desk.take(attached=False, reason="stopped")
    desk.now += QUITTING_SECONDS - 1
    desk.events.connection_ended()
    assert not desk.record.history.stopped
    assert AttachStore(desk.path).load() == {}


def test_what_was_stopped_long_before_iterm2_quit_stays_stopped(desk: Desk) -> None:
    desk.take(attached=False, reason="stopped")
    desk.now += QUITTING_SECONDS + 1
    desk.events.connection_ended()
    assert desk.record.history.stopped


def test_ends_without_a_connection_do_not_count(desk: Desk) -> None:
    desk.model.status = Iterm2Status(state="lost")
    desk.take(attached=False, reason="stopped")
    assert not desk.record.history.stopped


def test_what_we_stop_ourselves_does_not_count(desk: Desk) -> None:
    desk.model.detaching = True
    desk.take(attached=False, reason="stopped")
    assert not desk.record.history.stopped


def test_a_coprocess_that_the_user_started_again_is_welcome(desk: Desk) -> None:
    desk.take(attached=False, reason="stopped")
    desk.take(attached=True)
    assert (desk.record.attached, desk.record.history.stopped, desk.record.worker) == (True, False, True)


def test_a_session_that_is_not_known_is_left_to_the_next_look(desk: Desk) -> None:
    desk.model.sessions.clear()
    desk.take(attached=True)
    assert desk.model.sessions == {}
