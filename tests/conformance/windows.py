"""Windows, tabs, panes: listing, making, moving, sizing, closing."""

import json
import re

import iterm2
import pytest

from tests.conformance.stage import Play, Stage, covers, shows, until


@covers("ListSessionsRequest", "FocusRequest")
def test_a_new_window_is_listed_and_in_front(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.refresh()
        assert stage.app.current_window is not None
        assert stage.app.current_window.window_id == stage.window.window_id
        assert stage.window.window_id.startswith("pty-")
        assert re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", stage.session.session_id)
        assert stage.tab.tab_id.isdecimal()
        assert stage.tab.tmux_window_id == "-1"
        assert await stage.window.async_get_variable("number") == stage.window.window_number + 1
        assert stage.window.current_tab.current_session.session_id == stage.session.session_id

    play(scene)


@covers("CreateTabRequest", "ReorderTabsRequest")
def test_tabs_are_made_where_wanted_and_reordered(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        first = stage.tab.tab_id
        last = await stage.new_tab()
        front = await stage.new_tab(index=0)
        await stage.refresh()
        assert [tab.tab_id for tab in stage.window.tabs] == [front.tab_id, first, last.tab_id]
        await stage.window.async_set_tabs(list(reversed(stage.window.tabs)))
        await stage.refresh()
        assert [tab.tab_id for tab in stage.window.tabs] == [last.tab_id, first, front.tab_id]

    play(scene)


@covers("CreateTabRequest", "SplitPaneRequest")
def test_unknown_profiles_are_refused(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        nobody = "no profile of this name"
        with pytest.raises(iterm2.CreateTabException, match="INVALID_PROFILE_NAME"):
            await stage.window.async_create_tab(profile=nobody)
        with pytest.raises(iterm2.CreateWindowException, match="INVALID_PROFILE_NAME"):
            await iterm2.Window.async_create(stage.connection, profile=nobody)
        with pytest.raises(iterm2.SplitPaneException, match="INVALID_PROFILE_NAME"):
            await stage.session.async_split_pane(profile=nobody)

    play(scene)


@covers("SplitPaneRequest", "ListSessionsRequest")
def test_splits_make_a_tree(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        top = stage.session
        below = await stage.split(top, vertical=False)
        left = await stage.split(below, vertical=True, before=True)
        await stage.refresh()
        assert [pane.session_id for pane in stage.tab.sessions] == [p.session_id for p in (top, left, below)]
        assert stage.tab.root.vertical is False
        bottom = stage.tab.root.children[1]
        assert isinstance(bottom, iterm2.Splitter)
        assert bottom.vertical is True

    play(scene)


@covers("SetTabLayoutRequest")
def test_a_layout_is_set(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.session.async_set_grid_size(iterm2.Size(81, 20))
        await stage.split(stage.session, vertical=True)
        await stage.refresh()
        one, two = stage.tab.sessions
        one.preferred_size, two.preferred_size = iterm2.Size(20, 20), iterm2.Size(60, 20)
        await stage.tab.async_update_layout()
        assert abs(await one.async_get_variable("columns") - 20) <= 1
        assert abs(await two.async_get_variable("columns") - 60) <= 1

    play(scene)


@covers("ActivateRequest", "FocusRequest")
def test_activation_selects(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        first = stage.session
        second = await stage.split(first, vertical=True)
        await stage.new_tab()
        await first.async_activate()
        await stage.refresh()
        assert stage.window.current_tab.tab_id == stage.tab.tab_id
        assert stage.tab.current_session.session_id == first.session_id
        await second.async_activate(select_tab=False)
        await stage.refresh()
        assert stage.tab.current_session.session_id == second.session_id
        await stage.window.tabs[1].async_select()
        await stage.refresh()
        assert stage.window.current_tab.tab_id == stage.window.tabs[1].tab_id
        other = await stage.new_window()
        await stage.window.async_activate()
        await stage.refresh()
        assert stage.app.current_window is not None
        assert stage.app.current_window.window_id == stage.window.window_id != other.window_id

    play(scene)


@covers("CloseRequest")
def test_closed_is_gone_from_the_list_at_once(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        pane = await stage.split(stage.session, vertical=True)
        tab = await stage.new_tab()
        window = await stage.new_window()
        await pane.async_close(force=True)
        await tab.async_close(force=True)
        await window.async_close(force=True)
        await stage.refresh()
        assert [len(each.sessions) for each in stage.window.tabs] == [1]
        assert stage.app.get_window_by_id(window.window_id) is None
        with pytest.raises(iterm2.RPCException, match="NOT_FOUND"):
            await window.async_close(force=True)

    play(scene)


@covers("InvokeFunctionRequest")
def test_sessions_move_between_tabs(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        first = stage.session
        other = await stage.split(first, vertical=True)
        await stage.refresh()
        assert await stage.tab.async_select_pane_in_direction(iterm2.NavigationDirection.LEFT)
        await other.async_move_to_new_tab()
        await stage.refresh()
        assert [len(tab.sessions) for tab in stage.window.tabs] == [1, 1]
        await stage.app.async_move_session(other, first, False, True)
        await stage.refresh()
        assert [item.session_id for item in stage.tab.sessions] == [other.session_id, first.session_id]

    play(scene)


@covers("GetPropertyRequest", "SetPropertyRequest")
def test_sizes_reach_the_program(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        session = stage.session
        # Not in the interactive shell: the signal goes to the foreground job.
        await session.async_send_text('sh -c \'trap "stty size" WINCH; echo rea""dy; while :; do sleep 0.05; done\'\n')
        await shows(session, "ready")
        await session.async_set_grid_size(iterm2.Size(71, 19))
        await shows(session, "19 71")
        assert [await session.async_get_variable(name) for name in ("columns", "rows")] == [71, 19]
        answer = await iterm2.rpc.async_get_property(stage.connection, "grid_size", session_id=session.session_id)
        value = json.loads(answer.get_property_response.json_value)
        assert value == {"width": 70, "height": 18}, "each one too small, by iTerm2's own counting"

    play(scene)


@covers("GetPropertyRequest", "SetPropertyRequest")
def test_frame_and_full_screen(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        frame = await stage.window.async_get_frame()
        frame.size.width -= 70
        await stage.window.async_set_frame(frame)

        async def narrower() -> bool:
            return abs((await stage.window.async_get_frame()).size.width - frame.size.width) < 20

        await until(narrower, "the new width")
        for wanted in (True, False):
            await stage.window.async_set_fullscreen(wanted)

            async def switched(wanted: bool = wanted) -> bool:
                return bool(await stage.window.async_get_fullscreen()) is wanted

            await until(switched, f"full screen {wanted}")

    play(scene)


@covers("SetPropertyRequest", "GetPropertyRequest", "ActivateRequest")
def test_buried_sessions_are_listed_apart_and_come_back(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        session = stage.session
        await stage.new_tab()
        await session.async_set_buried(True)
        await stage.refresh()
        assert session.session_id in [each.session_id for each in stage.app.buried_sessions]
        with pytest.raises(iterm2.SplitPaneException, match="SESSION_NOT_FOUND"):
            await session.async_split_pane()
        await session.async_activate()
        await stage.refresh()
        assert session.session_id not in [each.session_id for each in stage.app.buried_sessions]

    play(scene)


@covers("InvokeFunctionRequest")
def test_names_and_titles(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.session.async_set_name("a name")
        assert await stage.session.async_get_variable("name") == "a name"
        await stage.tab.async_set_title("tab title")
        assert await stage.tab.async_get_variable("titleOverride") == "tab title"
        await stage.window.async_set_title("window title")
        assert await stage.window.async_get_variable("titleOverride") == "window title"

    play(scene)
