"""Orders of notifications around creating, closing, exiting, restarting (iTerm2 facts: sources cited in ending.py)."""

from collections.abc import Callable

from iterm2 import api_pb2

from headless.notifications import Type
from tests.headless.conftest import HostProcess, wait_until
from tests.headless.raw_client import RawClient, describe_all

KINDS = (
    Type.NOTIFY_ON_NEW_SESSION,
    Type.NOTIFY_ON_TERMINATE_SESSION,
    Type.NOTIFY_ON_LAYOUT_CHANGE,
    Type.NOTIFY_ON_FOCUS_CHANGE,
)


def close(client: RawClient, *sessions: str) -> list[int]:
    """Closes sessions; the statuses."""
    request = api_pb2.CloseRequest(force=True)
    request.sessions.session_ids.extend(sessions)
    return list(client.ask(close_request=request).close_response.statuses)


def test_new_window(host: HostProcess) -> None:
    with host.connect() as client:
        client.subscribe(*KINDS)
        old = client.windows().windows[0].window_id
        made = client.ask(create_tab_request=api_pb2.CreateTabRequest()).create_tab_response
        seen = client.take(6)
        assert describe_all(seen) == [
            f"new {made.session_id}",
            "layout",
            "focus window 2",
            "focus window 0",
            f"focus session {made.session_id}",
            f"focus selected_tab {made.tab_id}",
        ]
        listed = seen[1].layout_changed_notification.list_sessions_response
        assert [window.window_id for window in listed.windows] == [old, made.window_id]
        assert [window.number for window in listed.windows] == [0, 1]


def test_new_tab_and_split(host: HostProcess) -> None:
    with host.connect() as client:
        client.subscribe(*KINDS)
        window = client.windows().windows[0].window_id
        made = client.ask(create_tab_request=api_pb2.CreateTabRequest(window_id=window)).create_tab_response
        assert describe_all(client.take(4)) == [
            f"new {made.session_id}",
            "layout",
            f"focus session {made.session_id}",
            f"focus selected_tab {made.tab_id}",
        ]
        split = client.ask(
            split_pane_request=api_pb2.SplitPaneRequest(session=made.session_id, split_direction="VERTICAL")
        ).split_pane_response
        assert describe_all(client.take(3)) == [
            f"new {split.session_id[0]}",
            "layout",
            f"focus session {split.session_id[0]}",
        ]
        root = client.windows().windows[0].tabs[1].root
        assert root.vertical
        assert [link.session.grid_size.width for link in root.links] == [40, 39], "the divider takes a column"


def test_background_tab_moves_no_focus(host: HostProcess) -> None:
    with host.connect() as client:
        client.subscribe(*KINDS)
        window = client.windows().windows[0]
        request = api_pb2.CreateTabRequest(window_id=window.window_id, select_tab=False)
        made = client.ask(create_tab_request=request).create_tab_response
        assert describe_all(client.take(2)) == [f"new {made.session_id}", "layout"]
        assert client.windows().windows[0].selected_tab_id == window.selected_tab_id
        assert client.quiet(0.2)


def test_close_terminates_after_the_undo_period(host: HostProcess) -> None:
    with host.connect() as client:
        first = client.sessions()[0]
        window = client.windows().windows[0].window_id
        made = client.ask(create_tab_request=api_pb2.CreateTabRequest(window_id=window)).create_tab_response
        client.subscribe(*KINDS)
        assert close(client, made.session_id, "no such session") == [0, 1]
        seen = client.take(3)
        assert describe_all(seen) == ["layout", f"focus session {first}", "focus selected_tab 1"]
        assert client.sessions() == [first]
        assert host.statistics(made.session_id)["state"] == "closed"
        assert describe_all(client.take(1)) == [f"terminate {made.session_id}"]


def test_undo_close(host: HostProcess) -> None:
    with host.connect() as client:
        session = client.sessions()[0]
        client.type(session, "echo be''fore\n")
        wait_until(lambda: any("before" in line for line in client.screen(session)), "output")
        client.ask(create_tab_request=api_pb2.CreateTabRequest())
        client.subscribe(Type.NOTIFY_ON_NEW_SESSION, Type.NOTIFY_ON_TERMINATE_SESSION, Type.NOTIFY_ON_LAYOUT_CHANGE)
        close(client, session)
        host.control(request="fault", fault="undo_close", session=session)
        assert describe_all(client.take(3)) == ["layout", f"new {session}", "layout"]
        assert session in client.sessions()
        client.type(session, "echo af''ter\n")
        wait_until(lambda: any("after" in line for line in client.screen(session)), "the same shell goes on")
        assert client.quiet(0.7), "no TerminateSession"


def test_no_undo_period(start_host: Callable[..., HostProcess]) -> None:
    with start_host("--undo-seconds", "0").connect() as client:
        client.subscribe(*KINDS)
        session = client.sessions()[0]
        close(client, session)
        assert sorted(describe_all(client.take(2))) == ["layout", f"terminate {session}"]


def test_exit_closes_the_session(host: HostProcess) -> None:
    """TerminateSession (a), LayoutChanged without it, TerminateSession (b) when the undo period is over."""
    with host.connect() as client:
        first = client.sessions()[0]
        client.ask(create_tab_request=api_pb2.CreateTabRequest())
        client.subscribe(Type.NOTIFY_ON_TERMINATE_SESSION, Type.NOTIFY_ON_LAYOUT_CHANGE)
        client.type(first, "exit\n")
        assert describe_all(client.take(3)) == [f"terminate {first}", "layout", f"terminate {first}"]


def test_exit_with_a_job_in_the_background(host: HostProcess) -> None:
    """On macOS the terminal is revoked when the shell goes; on Linux the job would hold it open."""
    with host.connect() as client:
        first = client.sessions()[0]
        client.subscribe(Type.NOTIFY_ON_TERMINATE_SESSION)
        client.type(first, "sleep 1000 & exit\n")
        assert describe_all(client.take(1)) == [f"terminate {first}"]


def test_session_that_stays_and_restart(host: HostProcess) -> None:
    with host.connect() as client:
        session = client.sessions()[0]
        keep = api_pb2.SetProfilePropertyRequest(session=session)
        keep.assignments.add(key="Close Sessions On End", json_value="0")
        client.ask(set_profile_property_request=keep)
        client.subscribe(*KINDS)
        client.type(session, "exit\n")
        assert describe_all(client.take(1)) == [f"terminate {session}"]
        assert client.sessions() == [session], "still listed"
        refused = client.ask(send_text_request=api_pb2.SendTextRequest(session=session, text="x")).send_text_response
        assert refused.status == api_pb2.SendTextResponse.SESSION_NOT_FOUND
        client.ask(restart_session_request=api_pb2.RestartSessionRequest(session_id=session, only_if_exited=True))
        (renewed,) = client.sessions()
        assert renewed != session
        assert client.quiet(0.2), "the program had exited: nothing is sent"
        client.ask(restart_session_request=api_pb2.RestartSessionRequest(session_id=renewed))
        assert describe_all(client.take(1)) == [f"terminate {renewed}"], "the old GUID, and no NewSession"
        again = client.sessions()[0]
        client.type(again, "echo $ITERM_SESSION_ID\n")
        wait_until(lambda: any(again in line for line in client.screen(again)), "the new shell knows its new id")


def test_bury_and_disinter(host: HostProcess) -> None:
    with host.connect() as client:
        session = client.sessions()[0]
        client.subscribe(Type.NOTIFY_ON_TERMINATE_SESSION, Type.NOTIFY_ON_LAYOUT_CHANGE)

        def bury(value: str) -> int:
            request = api_pb2.SetPropertyRequest(session_id=session, name="buried", json_value=value)
            return client.ask(set_property_request=request).set_property_response.status

        assert bury("true") == 0
        listed = client.windows()
        assert not listed.windows
        assert [summary.unique_identifier for summary in listed.buried_sessions] == [session]
        assert bury("false") == 0
        assert client.sessions() == [session]
        assert describe_all(client.take(2)) == ["layout", "layout"]
