"""Sessions by the names that people type."""

import pytest

from bus.messages.layout import Iterm2Status, Layout, Session, Split, Tab, Window
from itermbus import sessions
from itermbus.mistakes import Mistake

_A, _B, _C = (f"{c}1234567-89AB-CDEF-0123-456789ABCDEF" for c in "ABA")
_C = _C.replace("F-0", "F-1")


def _session(session_id: str) -> Session:
    return Session(session_id=session_id, title="title", columns=80, rows=25)


def _layout(active: str | None = _B) -> Layout:
    tab = Tab(tab_id="t", root=Split(vertical=True, children=(_session(_A), _session(_B))), active_session_id=active)
    return Layout(
        broker="b",
        revision=1,
        iterm2=Iterm2Status(state="connected"),
        windows=(Window(window_id="w", number=0, tabs=(tab,), selected_tab_id="t"),),
        buried=(_session(_C),),
        active_window_id="w",
    )


@pytest.mark.parametrize(
    ("name", "found"), [(_A, _A), ("b", _B), (_C[:24].lower(), _C), ("active", _B), ("Active", _B)]
)
def test_a_name_fits_one(name: str, found: str) -> None:
    assert sessions.choose(_layout(), name).session_id == found


@pytest.mark.parametrize(
    ("name", "text"),
    [("", "no session"), ("C", "no session"), ("A1", "2 sessions"), ("active", "no session is active")],
)
def test_a_name_fits_none_or_several(name: str, text: str) -> None:
    with pytest.raises(Mistake, match=text):
        sessions.choose(_layout(active=None), name)
