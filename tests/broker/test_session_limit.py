"""One session more than may be streamed: it says so, is served without a stream, and gets one when there is room."""

from broker.reconcile import TOO_MANY
from bus.messages.commands import Close, CreateTab, SendText, TakeSnapshot
from bus.messages.results import Created, Done, Snapshot
from tests.broker.system import running_system
from tests.support import temporary_home, wait_until


def test_the_session_past_the_limit() -> None:
    config = "[broker]\nsessions = 2\nreconcile_seconds = 0.3\n[headless]\nundo_seconds = 0\n"
    with temporary_home() as home, running_system(home, config=config) as system:
        second = system.new_session()
        third = system.call(CreateTab(), Created)
        system.wait_reason(third.session_id, TOO_MANY)
        system.call(SendText(session_id=third.session_id), Done, b"echo third-$((40+2))\n")

        def shown() -> bool:
            _, repaint = system.call_with_payload(TakeSnapshot(session_id=third.session_id), Snapshot)
            return b"third-42" in repaint

        wait_until(shown, "the text on the third session's screen")
        system.call(Close(session_id=second.session_id, force=True), Done)
        system.wait_attached(third.session_id)
        log = (system.paths.log / "broker.log").read_text()
        assert log.count("1 sessions are not streamed: 2 at most are") == 1
