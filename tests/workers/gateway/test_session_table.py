import pytest

from bus.messages.layout import Iterm2Status, Layout, Session, Split, Tab, Window
from tests.workers.gateway.playbook import SESSION, Broker, Clock, Worker
from workers.gateway.session_table import SessionTable


@pytest.mark.parametrize(
    ("session", "takes"),
    [
        (None, False),
        (Session(session_id=SESSION, title="", columns=80, rows=25), False),
        (Session(session_id=SESSION, title="", columns=80, rows=25, attached=True), True),
        (Session(session_id=SESSION, title="", columns=80, rows=25, attached=True, tmux="client"), False),
    ],
)
def test_input_goes_to_the_worker_only_where_bytes_arrive_as_they_are(session: Session | None, takes: bool) -> None:
    table = SessionTable(Broker(), Worker(), Clock().timers)  # type: ignore[arg-type]
    assert not table.takes_bytes(SESSION)
    panes = () if session is None else (session,)
    window = Window(window_id="w", number=0, tabs=(Tab(tab_id="1", root=Split(vertical=False, children=panes)),))
    table.apply(Layout(broker="b", revision=1, iterm2=Iterm2Status(state="connected"), windows=(window,)))
    assert table.takes_bytes(SESSION) is takes
