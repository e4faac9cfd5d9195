"""The connection to a host that refuses, drops, delays, falls silent, dies and comes back."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import psutil
import pytest

from broker import iterm2_look
from broker.authorise import host_cookie
from broker.iterm2_keeper import Iterm2Keeper
from broker.iterm2_link import Link, Unanswered, Unavailable, open_link
from bus.errors import Iterm2Unavailable, RequestTimeout
from bus.messages.layout import Iterm2Status
from tests.broker.host import Host, running_host
from tests.support import PATIENCE, eventually, temporary_home


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """A running host; the iterm2 package of this process finds it by HOME."""
    with temporary_home() as home:
        monkeypatch.setenv("HOME", str(home))
        with running_host(home) as host:
            yield host


class Kept:
    """A keeper at work, and what it said."""

    def __init__(self, host: Host, heartbeat: tuple[float, float]) -> None:
        self.said: list[Iterm2Status] = []
        self.notified: list[Any] = []
        self._news = asyncio.Event()
        self.keeper = Iterm2Keeper(host.paths, self._hear, self.notified.append, "linux", heartbeat)

    async def wait_state(self, state: str, connections: int = 0) -> Iterm2Status:
        async with asyncio.timeout(PATIENCE):
            while not self.said or self.said[-1].state != state or self.keeper.connections < connections:
                self._news.clear()
                await self._news.wait()
        return self.said[-1]

    def _hear(self, status: Iterm2Status) -> None:
        self.said.append(status)
        self._news.set()


def keep(
    host: Host, conversation: Callable[[Kept], Awaitable[None]], heartbeat: tuple[float, float] = (3.0, 15.0)
) -> list[str]:
    """Runs a keeper during a conversation. Returns the states that it went through."""

    async def run() -> list[str]:
        kept = Kept(host, heartbeat)
        running = asyncio.get_running_loop().create_task(kept.keeper.run(), name="keeper")
        try:
            await conversation(kept)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        return [status.state for status in kept.said]

    return asyncio.run(run())


def test_it_connects_and_leaves_no_cookie_behind(host: Host) -> None:
    async def conversation(kept: Kept) -> None:
        status = await kept.wait_state("connected")
        assert status.version == "1.17"
        assert not {"ITERM2_COOKIE", "ITERM2_KEY"} & set(os.environ)
        assert await iterm2_look.list_sessions(kept.keeper.require())

    assert keep(host, conversation) == ["connected"]


def test_a_dropped_connection_fails_what_waits_and_is_made_again(host: Host, capfd: pytest.CaptureFixture[str]) -> None:
    async def conversation(kept: Kept) -> None:
        for number in range(1, 4):
            await kept.wait_state("connected", connections=number)
            link = kept.keeper.require()
            host.fault("delay", seconds=2)
            waiting = asyncio.gather(iterm2_look.list_sessions(link), return_exceptions=True)
            # Its task runs for the first time, and sends.
            await asyncio.sleep(0)
            host.fault("delay", seconds=0)
            host.fault("drop_clients")
            (answer,) = await asyncio.wait_for(waiting, 2)
            assert isinstance(answer, Unanswered), "it was sent, and may have been carried out"
            with pytest.raises(Iterm2Unavailable) as refused:
                await iterm2_look.list_sessions(link)
            assert not isinstance(refused.value, Unanswered), "it was not sent"
        await kept.wait_state("connected", connections=4)

    states = keep(host, conversation)
    assert states == ["connected", "lost"] * 3 + ["connected"]
    assert capfd.readouterr().err == ""


def test_a_silent_peer_is_noticed(host: Host) -> None:
    async def conversation(kept: Kept) -> None:
        await kept.wait_state("connected")
        host.fault("stop_reading")
        await kept.wait_state("lost")

    assert keep(host, conversation, heartbeat=(0.05, 0.3))[:2] == ["connected", "lost"]


def test_an_answer_that_is_too_late_is_not_waited_for(host: Host) -> None:
    async def conversation(kept: Kept) -> None:
        await kept.wait_state("connected")
        host.fault("delay", seconds=1)
        with pytest.raises(RequestTimeout):
            await iterm2_look.get_variables(kept.keeper.require(), None, ["effectiveTheme"], seconds=0.1)

    keep(host, conversation)


def test_a_host_that_quits_and_one_that_dies(host: Host) -> None:
    async def conversation(kept: Kept) -> None:
        await kept.wait_state("connected")
        await asyncio.to_thread(host.kill)
        assert (await kept.wait_state("not_running")).reason
        with pytest.raises(Iterm2Unavailable, match="not running"):
            kept.keeper.require()
        await asyncio.to_thread(host.start)
        await kept.wait_state("connected")
        await asyncio.to_thread(host.stop)
        await kept.wait_state("not_running")

    assert keep(host, conversation) == ["connected", "lost", "not_running"] * 2


@pytest.mark.parametrize(("status", "words"), [(401, "cookie"), (406, "upgrade"), (400, "400")])
def test_a_refusal_is_told_in_words(host: Host, status: int, words: str, capfd: pytest.CaptureFixture[str]) -> None:
    host.fault("refuse", status=status, count=1000)

    async def conversation(kept: Kept) -> None:
        assert words in (await kept.wait_state("refused")).reason

    assert keep(host, conversation) == ["refused"]
    assert capfd.readouterr() == ("", "")


def test_ten_connections_leave_nothing_behind(host: Host) -> None:
    async def conversation(kept: Kept) -> None:
        await kept.wait_state("connected")
        before = psutil.Process().num_fds(), len(asyncio.all_tasks())
        for number in range(2, 12):
            host.fault("drop_clients")
            await kept.wait_state("connected", connections=number)
        # What belonged to the last connection needs a moment to end.
        await eventually(
            lambda: (psutil.Process().num_fds(), len(asyncio.all_tasks())) == before, f"descriptors and tasks: {before}"
        )
        (client,) = host.ask(request="statistics")["clients"]
        assert client["subscriptions"] == 5

    keep(host, conversation)


def test_without_a_socket_the_package_is_not_asked(host: Host) -> None:
    host.stop()
    host.paths.iterm2_socket.unlink(missing_ok=True)

    async def run() -> Link:
        return await open_link(host.paths, await host_cookie(host.paths), lambda _notification: None)

    with pytest.raises(Unavailable) as caught:
        asyncio.run(run())
    assert caught.value.status.state == "not_running"
