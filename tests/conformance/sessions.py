"""One session: its text, variables, profile, coprocess, prompts, selection."""

import iterm2
import pytest

from tests.conformance.stage import Play, Stage, covers, shows, texts


@covers("SendTextRequest", "GetBufferRequest", "GetPropertyRequest")
def test_text_and_scrollback(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        session = stage.session
        await session.async_send_text("i=0; while [ $i -lt 90 ]; do i=$((i+1)); echo line $i; done; echo do''ne\n")
        await shows(session, "done")
        info = await session.async_get_line_info()
        assert info.mutable_area_height == await session.async_get_variable("rows")
        assert info.scrollback_buffer_height > 0
        end = info.overflow + info.scrollback_buffer_height + info.mutable_area_height
        lines = [line.string for line in await session.async_get_contents(info.overflow, end - info.overflow)]
        start = lines.index("line 1")
        assert lines[start : start + 90] == [f"line {number}" for number in range(1, 91)]

    play(scene)


@covers("InjectRequest", "GetBufferRequest")
def test_styles(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        styled = "\x1b[2J\x1b[H\x1b[1;31mred\x1b[0m \x1b[38;2;1;2;3;4mrgb\x1b[0m 漢x"
        await stage.session.async_inject(styled.encode())
        contents = await stage.session.async_get_screen_contents()
        line = contents.line(0)
        assert line.string == "red rgb 漢x"
        red, rgb = line.style_at(0), line.style_at(4)
        assert red is not None
        assert rgb is not None
        assert (red.bold, red.fg_color.standard) == (True, 1)
        assert (rgb.underline, rgb.fg_color.rgb.red, rgb.fg_color.rgb.blue) == (True, 1, 3)
        assert [line.string_at(column) for column in (8, 9, 10)] == ["漢", "", "x"]

    play(scene)


@covers("VariableRequest")
def test_variables(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        session = stage.session
        await session.async_set_variable("user.colour", {"a": [1, None]})
        assert await session.async_get_variable("user.colour") == {"a": [1, None]}
        assert await session.async_get_variable("user.none") is None
        with pytest.raises(iterm2.RPCException, match="INVALID_NAME"):
            await session.async_set_variable("columns", 5)
        everything = await session.async_get_variable("*")
        assert everything["columns"] == str(await session.async_get_variable("columns")), "all values are text"
        assert await session.async_get_variable("id") == session.session_id
        assert await session.async_get_variable("tab.window.id") == stage.window.window_id
        assert str(await stage.tab.async_get_variable("id")) == stage.tab.tab_id
        assert await stage.tab.async_get_variable("currentSession.id") == session.session_id
        assert await stage.window.async_get_variable("id") == stage.window.window_id
        assert await stage.app.async_get_variable("pid") > 0
        assert (await stage.app.async_get_theme())[0] in ("dark", "light")

    play(scene)


@covers("GetProfilePropertyRequest", "SetProfilePropertyRequest")
def test_a_change_makes_a_divorced_copy(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        before = await stage.session.async_get_profile()
        await before.async_set_badge_text("badge")
        after = await stage.session.async_get_profile()
        assert after.badge_text == "badge"
        shared = (await iterm2.Profile.async_get(stage.connection, [after.original_guid]))[0]
        assert shared.badge_text != "badge"
        assert after.guid != after.original_guid

    play(scene)


@covers("ListProfilesRequest", "PreferencesRequest")
def test_profiles_and_the_default_one(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        default = await iterm2.Profile.async_get_default(stage.connection)
        every = await iterm2.PartialProfile.async_query(stage.connection)
        assert default.guid in [profile.guid for profile in every]
        (again,) = await iterm2.PartialProfile.async_query(stage.connection, guids=[default.guid])
        assert again.name == default.name
        assert (await again.async_get_full_profile()).normal_font

    play(scene)


@covers("ColorPresetRequest")
def test_colour_presets(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        names = await iterm2.ColorPreset.async_get_list(stage.connection)
        assert "Light Background" in names
        preset = await iterm2.ColorPreset.async_get(stage.connection, "Light Background")
        assert preset is not None
        assert "Background Color" in [value.key for value in preset.values]

    play(scene)


@covers("InvokeFunctionRequest")
def test_the_coprocess_trio(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        session = stage.session
        assert await session.async_get_coprocess() is None
        assert await session.async_stop_coprocess() is False
        assert await session.async_run_coprocess("exec sleep 1000") is True
        assert await session.async_get_coprocess() == "exec sleep 1000"
        assert await session.async_run_coprocess("exec sleep 2000") is False, "one at a time"
        assert await session.async_stop_coprocess() is True
        assert await session.async_get_coprocess() is None

    play(scene)


@covers("GetPromptRequest", "ListPromptsRequest", "PromptNotification")
def test_prompts(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        session, modes = stage.session, list(iterm2.PromptMonitor.Mode)
        assert await iterm2.async_get_last_prompt(stage.connection, session.session_id) is None
        marks = b"\r\n\x1b]133;A\x07% \x1b]133;B\x07make\r\n\x1b]133;C\x07ok\r\n\x1b]133;D;2\x07"
        async with iterm2.PromptMonitor(stage.connection, session.session_id, modes) as monitor:
            await session.async_inject(marks)
            seen = [await monitor.async_get() for _ in range(3)]
        assert [mode for mode, *_ in seen] == modes
        assert (seen[1][1], seen[2][1]) == ("make", 2)
        prompt = await iterm2.async_get_last_prompt(stage.connection, session.session_id)
        assert prompt is not None
        assert (prompt.command, prompt.state) == ("make", iterm2.PromptState.FINISHED)
        assert prompt.unique_id in await iterm2.async_list_prompts(stage.connection, session.session_id)

    play(scene)


@covers("SelectionRequest")
def test_selection(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        session = stage.session
        await session.async_inject(b"\x1b[2J\x1b[3J\x1b[Hselect me")
        assert (await texts(session))[0].startswith("select me")
        row = (await session.async_get_line_info()).first_visible_line_number
        area = iterm2.WindowedCoordRange(iterm2.CoordRange(iterm2.Point(0, row), iterm2.Point(6, row)))
        part = iterm2.SubSelection(area, iterm2.SelectionMode.CHARACTER, False)
        await session.async_set_selection(iterm2.Selection([part]))
        chosen = await session.async_get_selection()
        assert await session.async_get_selection_text(chosen) == "select"

    play(scene)


@covers("RestartSessionRequest")
def test_a_restart_gives_a_new_id(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        old = stage.session
        with pytest.raises(iterm2.RPCException, match="SESSION_NOT_RESTARTABLE"):
            await old.async_restart(only_if_exited=True)
        await old.async_restart()
        await stage.refresh()
        stage.made.append(stage.session.session_id)
        assert stage.session.session_id != old.session_id

    play(scene)
