"""Every request and notification of api.proto has a test with the unmodified package: shared ones, and those here."""

from collections.abc import Callable
from typing import Any

import iterm2
import pytest
from iterm2 import api_pb2

from tests.conformance import sessions, watching, windows
from tests.conformance.stage import covers
from tests.headless.conftest import HostProcess
from tests.headless.test_package import first_session

#: Where a real iTerm2 would ask, draw, abort, or change what its user has, so that only the headless host is asked.
_SECONDS = 10.0


def refused(status: Any, name: str) -> None:
    """A response's status by its name."""
    assert type(status).DESCRIPTOR is not None
    values = type(status).DESCRIPTOR.enum_types_by_name["Status"].values_by_name
    assert status.status == values[name].number


@covers("RegisterToolRequest", "StatusBarComponentRequest", "ScreenshotRequest", "TmuxRequest")
def test_what_needs_a_screen_is_refused(host: HostProcess) -> None:
    async def body(connection: iterm2.Connection, app: iterm2.App) -> None:
        session = first_session(app)
        with pytest.raises(iterm2.RPCException, match="PERMISSION_DENIED"):
            await iterm2.tool.async_register_web_view_tool(connection, "n", "i", False, "http://localhost:1/")
        answer = await iterm2.rpc.async_screenshot(connection, session.session_id)
        refused(answer.screenshot_response, "INTERNAL_ERROR")
        answer = await iterm2.rpc.async_open_status_bar_component_popover(
            connection, "nobody", session.session_id, "<p>", iterm2.Size(1, 1)
        )
        refused(answer.status_bar_component_response, "INVALID_IDENTIFIER")
        assert await iterm2.async_get_tmux_connections(connection) == []
        with pytest.raises(iterm2.CreateTabException, match="INVALID_CONNECTION_ID"):
            await app.windows[0].async_create_tmux_tab(iterm2.TmuxConnection("nobody", "", app))

    host.run(body)


@covers("PreferencesRequest")
def test_preferences_read_back_and_mean_nothing(host: HostProcess) -> None:
    async def body(connection: iterm2.Connection, _app: iterm2.App) -> None:
        key = next(iter(iterm2.PreferenceKey))
        assert await iterm2.async_get_preference(connection, key) is None
        await iterm2.preferences.async_set_preference(connection, key, True)
        assert await iterm2.async_get_preference(connection, key) is True

    host.run(body)


@covers("SavedArrangementRequest", "SetBroadcastDomainsRequest", "BroadcastDomainsChangedNotification")
def test_arrangements_and_broadcasting(host: HostProcess) -> None:
    async def body(connection: iterm2.Connection, app: iterm2.App) -> None:
        one = first_session(app)
        two = await one.async_split_pane(vertical=True)
        domain = iterm2.BroadcastDomain()
        domain.add_session(one)
        domain.add_session(two)
        await iterm2.async_set_broadcast_domains(connection, [domain])
        await app.async_refresh()
        assert [{s.session_id for s in d.sessions} for d in app.broadcast_domains] == [{one.session_id, two.session_id}]
        await iterm2.Arrangement.async_save(connection, "saved")
        assert await iterm2.Arrangement.async_list(connection) == ["saved"]

    host.run(body)


@covers("KeystrokeNotification")
def test_keys(host: HostProcess) -> None:
    async def body(connection: iterm2.Connection, app: iterm2.App) -> None:
        session = first_session(app).session_id
        async with iterm2.KeystrokeMonitor(connection, session) as keys:
            host.control(request="fault", fault="type", session=session, text="q")
            stroke = await keys.async_get()
            assert (stroke.characters, stroke.modifiers) == ("q", [])

    host.run(body)


@covers("ProfileChangedNotification", "LocationChangeNotification")
@pytest.mark.parametrize("kind", [api_pb2.NOTIFY_ON_PROFILE_CHANGE, api_pb2.NOTIFY_ON_LOCATION_CHANGE])
def test_what_would_abort_iterm2_is_malformed(host: HostProcess, kind: Any) -> None:
    async def body(connection: iterm2.Connection, _app: iterm2.App) -> None:
        answer = await iterm2.rpc.async_notification_request(connection, True, kind, "all")
        refused(answer.notification_response, "REQUEST_MALFORMED")

    host.run(body)


def test_nothing_is_left_out() -> None:
    """What api.proto names against what the tests say that they cover."""
    requests = {f.message_type.name for f in api_pb2.ClientOriginatedMessage.DESCRIPTOR.oneofs[0].fields}
    notifications = {f.message_type.name for f in api_pb2.Notification.DESCRIPTOR.fields}
    tests: list[Callable[..., Any]] = [
        value
        for names in (vars(sessions), vars(watching), vars(windows), globals())
        for name, value in names.items()
        if name.startswith("test_")
    ]
    covered = {message for test in tests for message in getattr(test, "covers", ())}
    assert covered == requests | notifications
