from iterm2 import api_pb2

from broker.listing import apply_focus, prune, read_focus, read_listing
from broker.model import Focus, Listing, Node, Pane

A, B, C, D = (f"{letter * 8}-0000-4000-8000-000000000000" for letter in "ABCD")


def response() -> api_pb2.ListSessionsResponse:
    """Two windows: tab 1 with a split of a split, tab 2 with a hidden and a floating pane, tab 3 with rubbish."""
    message = api_pb2.ListSessionsResponse()
    first = message.windows.add(window_id="pty-W1", number=0)
    tab = first.tabs.add(tab_id="1")
    tab.root.vertical = True
    left = tab.root.links.add().session
    left.unique_identifier, left.title = A, "left"
    left.grid_size.width, left.grid_size.height = 40, 25
    right = tab.root.links.add().node
    right.vertical = False
    right.links.add().session.unique_identifier = B
    second = message.windows.add(window_id="pty-W2", number=1)
    tab = second.tabs.add(tab_id="2")
    tab.root.links.add().session.unique_identifier = C
    tab.minimized_sessions.add(unique_identifier=D, title="hidden")
    tab.floating_panes.add().session.unique_identifier = C
    tab = second.tabs.add(tab_id="3")
    tab.root.links.add().session.unique_identifier = "../../etc/passwd"
    message.windows.add(window_id="pty-EMPTY", number=2)
    message.buried_sessions.add(unique_identifier="E" * 8 + A[8:], title="buried")
    return message


def word(**fields: object) -> api_pb2.FocusChangedNotification:
    return api_pb2.FocusChangedNotification(**fields)


def window_word(window_id: str, status: int = 0) -> api_pb2.FocusChangedNotification:
    return word(window=api_pb2.FocusChangedNotification.Window(window_id=window_id, window_status=status))


def test_the_split_tree() -> None:
    found = read_listing(response())
    root = found.windows[0].tabs[0].root
    assert root == Node(True, (Pane(A, "left", 40, 25), Node(False, (Pane(B),))))


def test_a_pane_that_a_maximised_one_hides_stays_in_its_tab() -> None:
    assert [pane.session_id for pane in read_listing(response()).windows[1].tabs[0].root.panes()] == [C, D]


def test_windows_without_tabs_and_ids_that_are_none_are_left_out() -> None:
    found = read_listing(response())
    assert [(window.window_id, len(window.tabs)) for window in found.windows] == [("pty-W1", 1), ("pty-W2", 1)]
    assert [pane.title for pane in found.buried] == ["buried"]
    assert len(found.session_ids()) == 5


def test_focus_is_folded_from_its_words() -> None:
    answer = api_pb2.FocusResponse(
        notifications=[
            word(application_active=True),
            window_word("pty-W2"),
            word(selected_tab="1"),
            word(session=B),
            word(selected_tab="0"),
            word(selected_tab="2"),
            word(session=C),
        ]
    )
    assert read_focus(answer, read_listing(response())) == Focus(
        True, "pty-W2", {"pty-W1": "1", "pty-W2": "2"}, {"1": B, "2": C}
    )


def test_no_current_window() -> None:
    answer = api_pb2.FocusResponse(notifications=[window_word("", status=2)])
    assert read_focus(answer, read_listing(response())).window_id is None


def test_a_change_is_applied_and_an_unknown_object_asks_for_a_look() -> None:
    listing = read_listing(response())
    before = Focus(True, "pty-W1", {"pty-W1": "1"}, {"1": A})
    after = apply_focus(before, word(session=B), listing)
    assert after == Focus(True, "pty-W1", {"pty-W1": "1"}, {"1": B})
    assert before.sessions == {"1": A}
    for unknown in (word(session="F" * 8 + A[8:]), word(selected_tab="9"), window_word("pty-W9")):
        assert apply_focus(before, unknown, listing) is None


def test_the_current_window_stays_so_when_it_is_no_longer_key() -> None:
    before = Focus(True, "pty-W1")
    for other in ("pty-W1", "pty-W2"):
        assert apply_focus(before, window_word(other, status=2), read_listing(response())) == before


def test_pruning_empties_tabs_and_windows() -> None:
    pruned = prune(read_listing(response()), frozenset({B}))
    assert [pane.session_id for pane in pruned.panes()] == [B]
    assert [window.window_id for window in pruned.windows] == ["pty-W1"]
    assert prune(read_listing(response()), frozenset()) == Listing()
