from broker.attach import DETACHING, NOT_CONNECTED
from broker.layout import compose
from broker.model import Focus, ListedTab, ListedWindow, Listing, Model, Node, Pane, SessionRecord
from bus import codec
from bus.limits import HEADER_BYTES
from bus.messages.layout import Iterm2Status, Session

A, B = (f"{letter * 8}-0000-4000-8000-000000000000" for letter in "AB")


def model(*, focus: Focus | None = None, **records: SessionRecord) -> Model:
    tabs = (
        ListedTab("1", Node(True, (Pane(A, "listed", 80, 25),)), active_session_id=A),
        ListedTab("2", Node(False, (Pane(B, "other"),))),
    )
    return Model(
        status=Iterm2Status(state="connected", version="1.17"),
        listing=Listing((ListedWindow("pty-1", 0, tabs, selected_tab_id="2"),)),
        focus=focus or Focus(),
        sessions={{"a": A, "b": B}[letter]: record for letter, record in records.items()},
    )


def session(of: Model) -> Session:
    found = compose(of, "run", 1).windows[0].tabs[0].root.children[0]
    assert isinstance(found, Session)
    return found


def test_variables_say_more_than_the_list() -> None:
    variables = {
        "presentationName": "vim (me)",
        "columns": 100,
        "rows": 30,
        "jobName": "vim",
        "path": "/tmp",
        "tty": "/dev/ttys001",
    }
    assert session(model(a=SessionRecord(variables=dict(variables), attached=True, worker=True))) == Session(
        session_id=A,
        title="vim (me)",
        columns=100,
        rows=30,
        attached=True,
        worker=True,
        path="/tmp",
        job="vim",
        tty="/dev/ttys001",
    )


def test_a_session_that_has_not_told_anything_is_as_the_list_has_it() -> None:
    found = session(model())
    assert (found.title, found.columns, found.rows, found.attached) == ("listed", 80, 25, False)
    other = compose(model(), "run", 1).windows[0].tabs[1].root.children[0]
    assert isinstance(other, Session)
    assert (other.columns, other.rows) == (80, 25)


def test_values_of_a_wrong_type_are_not_passed_on() -> None:
    found = session(model(a=SessionRecord(variables={"columns": True, "rows": "x", "path": 7, "name": None})))
    assert (found.columns, found.rows, found.path, found.title) == (80, 25, None, "listed")


def test_focus_beats_the_list_and_unknown_ids_do_not_count() -> None:
    assert compose(model(), "run", 1).windows[0].selected_tab_id == "2"
    focus = Focus(True, "pty-1", {"pty-1": "1"}, {"1": A, "2": A})
    layout = compose(model(focus=focus), "run", 1)
    assert layout.active_window_id == "pty-1"
    assert layout.application_active
    assert layout.windows[0].selected_tab_id == "1"
    assert [tab.active_session_id for tab in layout.windows[0].tabs] == [A, None]
    assert compose(model(focus=Focus(True, "pty-9")), "run", 1).active_window_id is None


def test_reasons() -> None:
    assert session(model(a=SessionRecord(reason="because"))).reason == "because"
    assert session(model(a=SessionRecord(reason="because", attached=True))).reason is None
    stopping = model(a=SessionRecord())
    stopping.detaching = True
    assert session(stopping).reason == DETACHING
    lost = model(a=SessionRecord())
    lost.status = Iterm2Status(state="lost")
    assert session(lost).reason == NOT_CONNECTED


def test_long_titles_do_not_make_a_layout_too_long_for_the_bus() -> None:
    ids = [f"{number:08X}-0000-4000-8000-000000000000" for number in range(500)]
    long = dict.fromkeys(("presentationName", "path", "jobName", "tty"), "漢" * 100000)
    panes = tuple(Pane(name) for name in ids)
    many = Model(
        status=Iterm2Status(state="connected"),
        listing=Listing((ListedWindow("pty-1", 0, (ListedTab("1", Node(True, panes)),)),)),
        sessions={name: SessionRecord(variables=dict(long)) for name in ids},
    )
    assert len(codec.encode_event("layout", compose(many, "run", 1))[1]) <= HEADER_BYTES


def test_a_part_in_tmux_is_told() -> None:
    found = [session(model(a=SessionRecord(variables={"tmuxRole": role}))).tmux for role in ("client", "gateway", None)]
    assert found == ["client", "gateway", None]
    assert session(model(a=SessionRecord(variables={"tmuxRole": "something new"}))).tmux is None
