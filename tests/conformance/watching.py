"""Notifications, transactions, and functions that scripts offer to one another."""

import asyncio

import iterm2
import pytest

from tests.conformance.stage import Play, Stage, covers


@covers("NotificationRequest", "NewSessionNotification", "LayoutChangedNotification", "FocusChangedNotification")
def test_a_new_tab_is_announced(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        async with (
            iterm2.NewSessionMonitor(stage.connection) as sessions,
            iterm2.LayoutChangeMonitor(stage.connection) as layouts,
            iterm2.FocusMonitor(stage.connection) as focus,
        ):
            tab = await stage.new_tab()
            assert await sessions.async_get() == tab.sessions[0].session_id
            await layouts.async_get()
            while True:
                update = await focus.async_get_next_update()
                if update.selected_tab_changed and update.selected_tab_changed.tab_id == tab.tab_id:
                    break

    play(scene)


@covers("TerminateSessionNotification")
def test_the_end_of_a_session_is_announced(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        tab = await stage.new_tab()
        async with iterm2.SessionTerminationMonitor(stage.connection) as ends:
            await tab.sessions[0].async_close(force=True)
            assert await ends.async_get() == tab.sessions[0].session_id

    play(scene)


@covers("VariableChangedNotification")
def test_variables_are_watched(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        session, scope = stage.session, iterm2.VariableScopes.SESSION
        own = session.session_id
        async with iterm2.VariableMonitor(stage.connection, scope, "terminalWindowName", own) as titles:
            await session.async_inject(b"\x1b]2;a title\x07")
            assert await titles.async_get() == "a title"
        async with iterm2.VariableMonitor(stage.connection, scope, "showingAlternateScreen", own) as alternate:
            await session.async_inject(b"\x1b[?1049h")
            assert await alternate.async_get() == 1, "booleans are 1 and 0"
        async with iterm2.VariableMonitor(stage.connection, scope, "columns", own) as columns:
            await session.async_set_grid_size(iterm2.Size(66, 20))
            assert await columns.async_get() == 66

    play(scene)


@covers("ScreenUpdateNotification")
def test_screen_updates(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.session.get_screen_streamer() as streamer, asyncio.TaskGroup() as group:
            # An update that nobody awaits is lost.
            update = group.create_task(streamer.async_get(), name="update")
            await stage.session.async_inject(b"\x1b[2J\x1b[Hstreamed")
            contents = await update
            while contents is None or contents.line(0).string != "streamed":
                contents = await streamer.async_get()

    play(scene)


@covers("CustomEscapeSequenceNotification")
def test_custom_escape_sequences(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        own = stage.session.session_id
        async with iterm2.CustomControlSequenceMonitor(stage.connection, "who", "^say (.*)$", own) as monitor:
            await stage.session.async_inject(b"\x1b]1337;Custom=id=other:say no\x07\x1b]1337;Custom=id=who:say yes\x07")
            match = await monitor.async_get()
            assert match.group(1) == "yes"

    play(scene)


@covers("ServerOriginatedRPCNotification", "ServerOriginatedRPCResultRequest", "InvokeFunctionRequest")
def test_functions_of_scripts(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        @iterm2.RPC
        async def itermbus_test_add(a, b, columns=iterm2.Reference("columns?")):  # type: ignore[no-untyped-def]  # noqa: B008
            return [a + b, columns]

        @iterm2.RPC
        async def itermbus_test_fail():  # type: ignore[no-untyped-def]
            raise ValueError("no")

        await itermbus_test_add.async_register(stage.connection)
        await itermbus_test_fail.async_register(stage.connection)
        columns = await stage.session.async_get_variable("columns")
        assert await stage.session.async_invoke_function("itermbus_test_add(a: 1, b: 2)") == [3, columns]
        with pytest.raises(iterm2.RPCException):
            await stage.session.async_invoke_function("itermbus_test_add(a: 1)")
        with pytest.raises(iterm2.RPCException):
            await iterm2.async_invoke_function(stage.connection, "itermbus_test_fail()")

    play(scene)


@covers("TransactionRequest")
def test_transactions(play: Play) -> None:
    """With a short body only: iTerm2's main thread waits for its end."""

    async def scene(stage: Stage) -> None:
        async with iterm2.Transaction(stage.connection):
            info = await stage.session.async_get_line_info()
            contents = await stage.session.async_get_screen_contents()
        assert contents.number_of_lines == info.mutable_area_height

    play(scene)


@covers("GetBroadcastDomainsRequest")
def test_broadcast_domains_are_listed(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.app.async_refresh()
        assert stage.session.session_id not in {s.session_id for d in stage.app.broadcast_domains for s in d.sessions}

    play(scene)


@covers("MenuItemRequest")
def test_unknown_menu_items_are_refused(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        with pytest.raises(iterm2.MenuItemException, match="BAD_IDENTIFIER"):
            await iterm2.MainMenu.async_select_menu_item(stage.connection, "No Such Item")
        assert (await iterm2.MainMenu.async_get_menu_item_state(stage.connection, "Shell.New Window")).enabled

    play(scene)
