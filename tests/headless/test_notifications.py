"""Subscriptions: statuses, "all", and what unsubscribing does to others (iTerm2 sources/API/iTermAPIHelper.m:1889)."""

import pytest
from iterm2 import api_pb2

from headless.notifications import Type
from tests.headless.conftest import HostProcess
from tests.headless.raw_client import RawClient

Status = api_pb2.NotificationResponse


def ask(client: RawClient, kind: int, session: str, subscribe: bool = True, **arguments: object) -> int:
    """The status of a subscription request."""
    request = api_pb2.NotificationRequest(session=session, subscribe=subscribe, **arguments)  # type: ignore[arg-type]
    request.notification_type = kind  # type: ignore[assignment]
    return client.ask(notification_request=request).notification_response.status


def watch(client: RawClient, scope: str, identifier: str, name: str, subscribe: bool = True) -> int:
    """The status of a variable monitor request."""
    monitor = api_pb2.VariableMonitorRequest(name=name, scope=scope, identifier=identifier)  # type: ignore[arg-type]
    return ask(client, Type.NOTIFY_ON_VARIABLE_CHANGE, "", subscribe, variable_monitor_request=monitor)


def test_statuses(host: HostProcess) -> None:
    with host.connect() as client:
        session = client.sessions()[0]
        kind = Type.NOTIFY_ON_SCREEN_UPDATE
        assert ask(client, kind, session, subscribe=False) == Status.NOT_SUBSCRIBED
        assert ask(client, kind, session) == Status.OK
        assert ask(client, kind, "active") == Status.ALREADY_SUBSCRIBED, "it is the same session"
        assert ask(client, kind, "nobody") == Status.SESSION_NOT_FOUND
        assert ask(client, kind, session, subscribe=False) == Status.OK
        request = api_pb2.NotificationRequest(session=session, notification_type=kind)
        unset = client.ask(notification_request=request).notification_response.status
        assert unset == Status.REQUEST_MALFORMED, "the field subscribe is not set"


@pytest.mark.parametrize(("scope", "identifier"), [("TAB", "all"), ("APP", "all"), ("WINDOW", "active"), ("TAB", "9")])
def test_monitors_of_unknown_objects(host: HostProcess, scope: str, identifier: str) -> None:
    with host.connect() as client:
        assert watch(client, scope, identifier, "title") == Status.INVALID_IDENTIFIER


def test_unsubscribing_all_ends_equal_ones_of_everybody(host: HostProcess) -> None:
    with host.connect() as one, host.connect() as two:
        for client in (one, two):
            assert ask(client, Type.NOTIFY_ON_KEYSTROKE, "all") == Status.OK
        assert ask(one, Type.NOTIFY_ON_KEYSTROKE, "all", subscribe=False) == Status.OK
        host.control(request="fault", fault="type", session="active", text="x")
        assert two.quiet(0.2)


def test_monitor_of_all_sessions_covers_new_ones_and_doubles(host: HostProcess) -> None:
    with host.connect() as client:
        assert watch(client, "SESSION", "all", "terminalWindowName") == Status.OK
        assert watch(client, "SESSION", "all", "terminalWindowName") == Status.OK, "no duplicate check"
        made = client.ask(create_tab_request=api_pb2.CreateTabRequest()).create_tab_response.session_id
        client.ask(inject_request=api_pb2.InjectRequest(session_id=[made], data=b"\x1b]2;t\x07"))
        for notification in client.take(2):
            changed = notification.variable_changed_notification
            assert (changed.identifier, changed.json_new_value) == (made, '"t"')


def test_monitor_by_path_follows_the_focus(host: HostProcess) -> None:
    with host.connect() as client:
        window = client.windows().windows[0].window_id
        first = client.sessions()[0]
        assert watch(client, "WINDOW", window, "currentTab.currentSession.id") == Status.OK
        made = client.ask(create_tab_request=api_pb2.CreateTabRequest(window_id=window)).create_tab_response.session_id
        assert client.take(1)[0].variable_changed_notification.json_new_value == f'"{made}"'
        host.control(request="fault", fault="select", session=first)
        assert client.take(1)[0].variable_changed_notification.json_new_value == f'"{first}"'


def test_monitor_keeps_its_identifier_after_a_restart(host: HostProcess) -> None:
    with host.connect() as client:
        session = client.sessions()[0]
        watch(client, "SESSION", session, "terminalWindowName")
        client.ask(restart_session_request=api_pb2.RestartSessionRequest(session_id=session))
        renewed = client.sessions()[0]
        client.ask(inject_request=api_pb2.InjectRequest(session_id=[renewed], data=b"\x1b]2;t\x07"))
        assert client.take(1)[0].variable_changed_notification.identifier == session


def test_keystrokes_and_filters(host: HostProcess) -> None:
    with host.connect() as client:
        session = client.sessions()[0]
        ask(client, Type.NOTIFY_ON_KEYSTROKE, session)
        pattern = api_pb2.KeystrokePattern(characters_ignoring_modifiers=["c"], required_modifiers=["CONTROL"])
        taken = api_pb2.KeystrokeFilterRequest(patterns_to_ignore=[pattern])
        ask(client, Type.KEYSTROKE_FILTER, session, keystroke_filter_request=taken)
        before = host.statistics(session)["input_written_bytes"]
        host.control(request="fault", fault="type", session=session, text="a\x03C")
        strokes = [notification.keystroke_notification for notification in client.take(3)]
        assert [stroke.characters for stroke in strokes] == ["a", "\x03", "C"]
        assert list(strokes[1].modifiers) == [api_pb2.CONTROL]
        client.screen(session)
        assert host.statistics(session)["input_written_bytes"] - before == 2, "the filter took Ctrl-C"


def test_notifications_can_be_disturbed(host: HostProcess) -> None:
    with host.connect() as client:
        client.subscribe(Type.NOTIFY_ON_NEW_SESSION)
        host.control(request="fault", fault="notifications", seed=1, drop=1.0)
        client.ask(create_tab_request=api_pb2.CreateTabRequest())
        assert client.quiet(0.2)
        host.control(request="fault", fault="notifications", seed=1, duplicate=1.0)
        client.ask(create_tab_request=api_pb2.CreateTabRequest())
        one, two = client.take(2)
        assert one == two


def test_custom_escape_sequence(host: HostProcess) -> None:
    with host.connect() as client:
        session = client.sessions()[0]
        ask(client, Type.NOTIFY_ON_CUSTOM_ESCAPE_SEQUENCE, "all")
        data = b"\x1b]1337;Custom=id=who:what; ever\x07"
        client.ask(inject_request=api_pb2.InjectRequest(session_id=[session], data=data))
        custom = client.take(1)[0].custom_escape_sequence_notification
        assert (custom.session, custom.sender_identity, custom.payload) == (session, "who", "what; ever")


def test_broadcast_domains(host: HostProcess) -> None:
    with host.connect() as client:
        session = client.sessions()[0]
        split = client.ask(split_pane_request=api_pb2.SplitPaneRequest(session=session)).split_pane_response.session_id
        client.subscribe(Type.NOTIFY_ON_BROADCAST_CHANGE)

        def set_domains(*domains: list[str]) -> int:
            request = api_pb2.SetBroadcastDomainsRequest()
            for ids in domains:
                request.broadcast_domains.add(session_ids=ids)
            return client.ask(set_broadcast_domains_request=request).set_broadcast_domains_response.status

        response = api_pb2.SetBroadcastDomainsResponse
        assert set_domains([session, "x"]) == response.SESSION_NOT_FOUND
        assert set_domains([session], [session]) == response.BROADCAST_DOMAINS_NOT_DISJOINT
        assert set_domains([session, split[0]]) == response.OK
        assert set_domains([split[0], session]) == response.OK
        client.sessions()
        assert len(client.notifications) == 1, "only when the set of domains differs from the last one sent"
