"""The unmodified iterm2 package, used as scripts use it: what the conformance tests do not ask of every host."""

import asyncio
import base64
import json
import resource
from collections.abc import Callable

import iterm2
import pytest
from iterm2 import api_pb2
from websockets.exceptions import ConnectionClosed

from tests.headless.conftest import HostProcess, wait_for, wait_until


def first_session(app: iterm2.App) -> iterm2.Session:
    """The session of the window opened at start."""
    return app.windows[0].tabs[0].sessions[0]


async def screen_text(session: iterm2.Session) -> list[str]:
    """The lines of the screen as the package decodes them."""
    contents = await session.async_get_screen_contents()
    return [contents.line(index).string for index in range(contents.number_of_lines)]


def test_app_and_focus(host: HostProcess) -> None:
    async def body(_connection: iterm2.Connection, app: iterm2.App) -> None:
        window = app.current_window
        assert window is not None
        assert window.window_id.startswith("pty-")
        assert window.window_number == 0
        assert app.app_active
        assert window.current_tab.tab_id == "1"
        assert window.current_tab.tmux_window_id == "-1"
        assert await window.async_get_variable("number") == 1, "the variable counts from 1"
        assert (await app.async_get_theme()) == ["light"]

    host.run(body)


def test_screen_text_and_line_info(host: HostProcess) -> None:
    async def body(_connection: iterm2.Connection, app: iterm2.App) -> None:
        session = first_session(app)
        await session.async_send_text("i=0; while [ $i -lt 50 ]; do i=$((i+1)); echo line $i; done; echo do''ne\n")

        async def done() -> bool:
            return "done" in await screen_text(session)

        await wait_for(done, "output")
        info = await session.async_get_line_info()
        assert info.mutable_area_height == 25
        assert info.overflow == 0
        assert info.scrollback_buffer_height >= 27
        assert info.first_visible_line_number == info.scrollback_buffer_height
        lines = [item.string for item in await session.async_get_contents(0, info.scrollback_buffer_height + 25)]
        start = lines.index("line 1")
        assert lines[start : start + 50] == [f"line {number}" for number in range(1, 51)]

    host.run(body)


def test_splits_tabs_and_layout(host: HostProcess) -> None:
    async def body(_connection: iterm2.Connection, app: iterm2.App) -> None:
        window = app.windows[0]
        tab = await window.async_create_tab(command="/bin/sh -c 'echo custom; exec cat'")
        assert tab is not None
        session = tab.sessions[0]

        async def shown() -> bool:
            return "custom" in (await screen_text(session))[0]

        await wait_for(shown, "the command's output")
        below = await session.async_split_pane(vertical=False)
        beside = await below.async_split_pane(vertical=True, before=True)
        await app.async_refresh()
        tab = app.get_tab_by_id(tab.tab_id)
        assert tab is not None
        assert [pane.session_id for pane in tab.sessions] == [
            session.session_id,
            beside.session_id,
            below.session_id,
        ]
        assert tab.root.vertical is False
        await session.async_set_grid_size(iterm2.Size(90, 12))
        assert await session.async_get_variable("columns") == 90
        await below.async_close(force=True)
        with pytest.raises(iterm2.RPCException):
            await below.async_close(force=True)
        await tab.async_select()
        await app.async_refresh_focus()
        assert app.windows[0].current_tab.tab_id == tab.tab_id
        first = app.windows[0].tabs[0]
        await window.async_set_tabs([tab, first])
        await app.async_refresh()
        assert [item.tab_id for item in app.windows[0].tabs] == [tab.tab_id, first.tab_id]

    host.run(body)


def test_window_size_reaches_the_program(host: HostProcess) -> None:
    async def body(_connection: iterm2.Connection, app: iterm2.App) -> None:
        session = first_session(app)
        await session.async_send_text('sh -c \'trap "stty size" WINCH; echo rea""dy; while :; do sleep 0.05; done\'\n')

        async def has(text: str) -> bool:
            return text in await screen_text(session)

        await wait_for(lambda: has("ready"), "the trap")
        await session.async_set_grid_size(iterm2.Size(100, 30))
        await wait_for(lambda: has("30 100"), "SIGWINCH with the new size")
        frame = await app.windows[0].async_get_frame()
        frame.size.width, frame.size.height = 10 + 7 * 60, 32 + 15 * 20
        await app.windows[0].async_set_frame(frame)
        await wait_for(lambda: has("20 60"), "the size that fits the frame")

    host.run(body)


def test_variables_and_monitors(host: HostProcess) -> None:
    async def body(connection: iterm2.Connection, app: iterm2.App) -> None:
        session = first_session(app)
        await session.async_set_variable("user.colour", {"a": [1, None]})
        assert await session.async_get_variable("user.colour") == {"a": [1, None]}
        assert await session.async_get_variable("user.none") is None
        with pytest.raises(iterm2.RPCException):
            await session.async_set_variable("columns", 5)
        everything = await session.async_get_variable("*")
        assert everything["columns"] == "80", "all values are text"
        assert await session.async_get_variable("tab.window.id") == app.windows[0].window_id
        scope = iterm2.VariableScopes.SESSION
        async with iterm2.VariableMonitor(connection, scope, "terminalWindowName", session.session_id) as titles:
            await session.async_inject(b"\x1b]2;a title\x07")
            assert await asyncio.wait_for(titles.async_get(), 10) == "a title"
        async with iterm2.VariableMonitor(connection, scope, "showingAlternateScreen", session.session_id) as alternate:
            await session.async_inject(b"\x1b[?1049h")
            assert await asyncio.wait_for(alternate.async_get(), 10) == 1, "booleans are 1 and 0"
        async with iterm2.VariableMonitor(connection, scope, "jobName", session.session_id) as jobs:
            await session.async_send_text("exec sleep 1000\n")
            while await asyncio.wait_for(jobs.async_get(), 10) != "sleep":
                pass

    host.run(body)


def test_profiles(host: HostProcess) -> None:
    async def body(connection: iterm2.Connection, app: iterm2.App) -> None:
        session = first_session(app)
        shared = await iterm2.Profile.async_get_default(connection)
        profile = await session.async_get_profile()
        assert profile.guid == shared.guid
        assert profile.name == "Default"
        assert profile.normal_font == "Monaco 12"
        assert round(profile.background_color_dark.red) == 21
        await profile.async_set_name("mine")
        own = await session.async_get_profile()
        assert (own.name, own.original_guid) == ("mine", shared.guid)
        assert own.guid != shared.guid, "a divorced copy"
        assert (await iterm2.Profile.async_get_default(connection)).name == "Default"
        presets = await iterm2.ColorPreset.async_get_list(connection)
        assert await iterm2.ColorPreset.async_get(connection, presets[0])

    host.run(body)


@pytest.mark.parametrize("value", ['"text"', "null", "no json"])
def test_profile_values_are_checked(host: HostProcess, value: str) -> None:
    with host.connect() as client:
        request = api_pb2.SetProfilePropertyRequest(session=client.sessions()[0])
        request.assignments.add(key="Columns", json_value=value)
        answer = client.ask(set_profile_property_request=request).set_profile_property_response
        assert answer.status == api_pb2.SetProfilePropertyResponse.REQUEST_MALFORMED


def test_names_and_titles(host: HostProcess) -> None:
    async def body(_connection: iterm2.Connection, app: iterm2.App) -> None:
        session, window = first_session(app), app.windows[0]
        await session.async_set_name('a "name"')
        assert await session.async_get_variable("name") == 'a "name"'
        await window.tabs[0].async_set_title("tab title")
        assert await window.tabs[0].async_get_variable("title") == "tab title"
        await window.async_set_title("window title")
        assert await window.async_get_variable("title") == "window title"

    host.run(body)


def test_broadcast(host: HostProcess) -> None:
    async def body(connection: iterm2.Connection, app: iterm2.App) -> None:
        one = first_session(app)
        two = await one.async_split_pane(vertical=True)
        domain = iterm2.BroadcastDomain()
        domain.add_session(one)
        domain.add_session(two)
        await iterm2.async_set_broadcast_domains(connection, [domain])
        await app.async_refresh()
        assert len(app.broadcast_domains) == 1
        await one.async_send_text("echo t''wice\n")

        async def both() -> bool:
            screens = [await screen_text(one), await screen_text(two)]
            return all(any("twice" in text and "echo" not in text for text in screen) for screen in screens)

        await wait_for(both, "both shells got it")
        await one.async_send_text("echo o''nce\n", suppress_broadcast=True)

        async def first() -> bool:
            return any("once" in text for text in await screen_text(one))

        await wait_for(first, "one shell got it")
        assert not any("o''nce" in text for text in await screen_text(two))

    host.run(body)


def test_selection_arrangements_menus_alerts(host: HostProcess) -> None:
    async def body(connection: iterm2.Connection, app: iterm2.App) -> None:
        session = first_session(app)
        await session.async_inject(b"\x1b[2J\x1b[3J\x1b[Hselect me")
        info = await session.async_get_line_info()
        y = info.first_visible_line_number
        area = iterm2.WindowedCoordRange(iterm2.CoordRange(iterm2.Point(0, y), iterm2.Point(6, y)))
        wanted = iterm2.Selection([iterm2.SubSelection(area, iterm2.SelectionMode.CHARACTER, False)])
        await session.async_set_selection(wanted)
        assert len((await session.async_get_selection()).sub_selections) == 1
        assert await session.async_get_variable("selection") == "select"
        await iterm2.Arrangement.async_save(connection, "saved")
        assert await iterm2.Arrangement.async_list(connection) == ["saved"]
        await iterm2.Arrangement.async_restore(connection, "saved")
        await app.async_refresh()
        assert len(app.windows) == 2
        with pytest.raises(iterm2.SavedArrangementException):
            await iterm2.Arrangement.async_restore(connection, "other")
        with pytest.raises(iterm2.MenuItemException):
            await iterm2.MainMenu.async_select_menu_item(connection, "No Such Item")
        alert = iterm2.Alert("title", "text")
        alert.add_button("OK")
        alert.add_button("Cancel")
        assert await alert.async_run(connection) == 1001
        assert await iterm2.TextInputAlert("t", "s", "p", "d").async_run(connection) is None

    host.run(body)


@pytest.mark.parametrize(
    ("receiver", "invocation", "status", "text"),
    [
        ("nobody", "iterm2.get_coprocess()", "FAILED", "Object with identifier “nobody” not found"),
        ("", "iterm2.get_coprocess()", "REQUEST_MALFORMED", "No receiver"),
        (None, "iterm2.no_such()", "FAILED", "No method found on session with signature iterm2.no_such()"),
        (None, "syntax", "FAILED", "Syntax error"),
    ],
)
def test_call_failures(host: HostProcess, receiver: str | None, invocation: str, status: str, text: str) -> None:
    with host.connect() as client:
        session = client.sessions()[0] if receiver is None else receiver
        error = client.invoke(session, invocation).error
        assert api_pb2.InvokeFunctionResponse.Status.Name(error.status) == status
        assert text in error.error_reason


def test_every_request_of_the_protocol_is_answered(host: HostProcess) -> None:
    """Whatever is asked, even with nothing filled in, something comes back: never silence."""
    fields = api_pb2.ClientOriginatedMessage.DESCRIPTOR.oneofs_by_name["submessage"].fields
    with host.connect() as client:
        for field in fields:
            empty = getattr(api_pb2, field.message_type.name)()
            answer = client.ask(**{field.name: empty})
            kind = answer.WhichOneof("submessage")
            assert kind == field.name.removesuffix("_request") + "_response", (field.name, answer)
        unsupported = [api_pb2.NOTIFY_ON_PROFILE_CHANGE, api_pb2.NOTIFY_ON_LOCATION_CHANGE]
        for value in unsupported:
            request = api_pb2.NotificationRequest(session="all", subscribe=True, notification_type=value)
            status = client.ask(notification_request=request).notification_response.status
            assert status == api_pb2.NotificationResponse.REQUEST_MALFORMED


def test_values_on_the_wire(host: HostProcess) -> None:
    """Booleans are 1 and 0, what is unset is null, `*` gives texts."""
    with host.connect() as client:
        session = client.sessions()[0]
        names = ["showingAlternateScreen", "isLocalhost", "columns", "nonsense", "tab", "*"]
        answer = client.ask(variable_request=api_pb2.VariableRequest(session_id=session, get=names)).variable_response
        *values, everything = answer.values
        assert values == ["0", "1", "80", "null", "null"]
        assert json.loads(everything)["showingAlternateScreen"] == "0"
        multiple = client.ask(variable_request=api_pb2.VariableRequest(session_id="all", get=["id"])).variable_response
        assert multiple.status == api_pb2.VariableResponse.MULTI_GET_DISALLOWED


def test_activation(host: HostProcess) -> None:
    status = api_pb2.ActivateResponse
    with host.connect() as client:

        def activate(**fields: object) -> int:
            request = api_pb2.ActivateRequest(**fields)  # type: ignore[arg-type]
            return client.ask(activate_request=request).activate_response.status

        window = client.windows().windows[0].window_id
        made = client.ask(create_tab_request=api_pb2.CreateTabRequest(window_id=window)).create_tab_response
        assert activate(tab_id="1x", select_tab=True) == status.OK, "tab ids are read leniently"
        assert client.windows().windows[0].selected_tab_id == "1"
        assert activate(session_id=made.session_id, select_tab=True, select_session=True) == status.OK
        assert client.windows().windows[0].selected_tab_id == str(made.tab_id)
        assert activate(window_id="nothing", order_window_front=True) == status.BAD_IDENTIFIER
        assert activate(window_id=window, select_tab=True) == status.INVALID_OPTION


def test_focus_response_order(host: HostProcess) -> None:
    with host.connect() as client:
        client.ask(create_tab_request=api_pb2.CreateTabRequest())
        notifications = client.ask(focus_request=api_pb2.FocusRequest()).focus_response.notifications
        kinds = [item.WhichOneof("event") for item in notifications]
        assert kinds == ["application_active", "window", "selected_tab", "session", "selected_tab", "session"]


def test_client_that_does_not_read_is_cut_off(host: HostProcess) -> None:
    with host.connect() as slow, host.connect() as other:
        request = api_pb2.ClientOriginatedMessage(id=1, list_profiles_request=api_pb2.ListProfilesRequest())
        data = request.SerializeToString()

        def flood() -> None:
            for _ in range(20_000):
                slow.socket.send(data)

        with pytest.raises(ConnectionClosed):
            flood()
        assert other.sessions(), "others go on"
        assert "does not read" in host.log()


def test_shell_environment(host: HostProcess) -> None:
    with host.connect() as client:
        session = client.sessions()[0]
        client.type(session, "env > out; ulimit -n >> out; trap >> out; echo en''d >> out\n")
        out = host.home / "out"
        wait_until(lambda: out.exists() and out.read_text().endswith("end\n"), "the environment")
        *lines, limit, _end = out.read_text().splitlines()
        values = dict(line.split("=", 1) for line in lines if "=" in line)
    assert values["ITERM_SESSION_ID"] == f"w0t0p0:{session}"
    assert values["TERM"] == "xterm"
    assert values["COLORTERM"] == "truecolor"
    assert values["HOME"] == values["PWD"] == str(host.home)
    assert values["LC_TERMINAL"] == "iTerm2"
    assert values["SHELL"] == "/bin/sh"
    assert not {"ITERM2_COOKIE", "VIRTUAL_ENV", "PYTEST_CURRENT_TEST"} & set(values)
    assert int(limit) == resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def test_invalid_range_is_answered_without_submessage(host: HostProcess) -> None:
    with host.connect() as client:
        request = api_pb2.GetBufferRequest(session=client.sessions()[0])
        request.line_range.windowed_coord_range.coord_range.start.x = -1
        assert client.ask(get_buffer_request=request).WhichOneof("submessage") is None
        unknown = client.ask(get_buffer_request=api_pb2.GetBufferRequest(session="x")).get_buffer_response
        assert unknown.status == api_pb2.GetBufferResponse.SESSION_NOT_FOUND


def test_emulator_process_is_replaced(host: HostProcess) -> None:
    with host.connect() as client:
        session = client.sessions()[0]
        before = host.control(request="statistics")["emulator"]["pid"]
        host.control(request="fault", fault="kill_emulator")

        def replaced() -> bool:
            now = host.control(request="statistics")["emulator"]
            return now["restarts"] == 1 and now["pid"] not in (None, before)

        wait_until(replaced, "a new process")
        client.type(session, "echo ag''ain\n")
        wait_until(lambda: any("again" in line for line in client.screen(session)), "screens work")


def test_cookie_is_needed_again_after_a_drop(start_host: Callable[..., HostProcess]) -> None:
    host = start_host("--allow-faults")

    async def body(connection: iterm2.Connection, _app: iterm2.App) -> int | None:
        host.control(request="fault", fault="drop_clients")
        await asyncio.wait_for(connection.websocket.wait_closed(), 10)
        code: int | None = connection.websocket.close_code
        return code

    assert host.run(body) == 1006
    assert base64.b16decode(host.cookie().upper())
