"""What a look at a real host puts into the model, and what its notifications do to it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest
import zmq

from broker import iterm2_act, iterm2_create
from broker.announcer import Announcer
from broker.iterm2_keeper import Iterm2Keeper
from broker.iterm2_link import Link
from broker.looker import Looker
from broker.model import Model
from broker.offset_line import OffsetLine
from broker.onlooker import Onlooker
from broker.snapshot import Snapshots
from broker.watcher import Watcher
from broker.workers import Workers
from bus.messages.events import Config
from bus.messages.layout import Iterm2Status
from tests.broker.host import Host, running_host
from tests.support import eventually, temporary_home


class Heard(Announcer):
    """Keeps what it was to tell."""

    def __init__(self, publisher: zmq.Socket[bytes], model: Model) -> None:
        super().__init__(publisher, model, "run")
        self.gone: list[str] = []
        self.configs: dict[str, Config] = {}

    def changed(self) -> None:
        return

    def closed(self, session_id: str) -> None:
        self.gone.append(session_id)

    def config(self, session_id: str, config: Config) -> None:
        self.configs[session_id] = config


class Desk:
    """A model that follows a host."""

    def __init__(self, host: Host, publisher: zmq.Socket[bytes], context: zmq.Context[zmq.Socket[bytes]]) -> None:
        self.host = host
        self.model = Model(status=Iterm2Status(state="lost"))
        self.heard = Heard(publisher, self.model)
        self.looker = Looker(self.model, self.heard)
        self.looks_wanted = 0
        workers = Workers(context, host.paths)
        onlooker = Onlooker(self.model, self.heard, Snapshots(self.model, workers))
        offsets = OffsetLine(self.model, workers, self.heard.prompt)
        watcher = Watcher(self.model, self.heard, self.looker, onlooker, offsets, self._want_look)
        self.keeper = Iterm2Keeper(host.paths, lambda _status: None, watcher.handle, "linux")

    @property
    def session_ids(self) -> list[str]:
        return sorted(self.model.sessions)

    async def wait_link(self) -> Link:
        await eventually(lambda: self.keeper.link is not None, "the link")
        return self.keeper.require()

    def _want_look(self) -> None:
        self.looks_wanted += 1


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    with temporary_home() as home:
        monkeypatch.setenv("HOME", str(home))
        with running_host(home) as host:
            yield host


def follow(host: Host, conversation: Callable[[Desk, Link], Awaitable[None]]) -> None:
    """Runs a conversation with a desk that is connected to the host and has looked once."""

    async def run() -> None:
        with zmq.Context() as context, context.socket(zmq.PUB) as publisher:
            desk = Desk(host, publisher, context)
            running = asyncio.get_running_loop().create_task(desk.keeper.run(), name="keeper")
            try:
                link = await desk.wait_link()
                await desk.looker.look(link, full=True)
                await conversation(desk, link)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

    asyncio.run(run())


def test_a_look_finds_sessions_focus_variables_and_profiles(host: Host) -> None:
    async def conversation(desk: Desk, _link: Link) -> None:
        (session_id,) = desk.session_ids
        record = desk.model.sessions[session_id]
        assert record.variables["columns"] == 80
        assert record.config == desk.heard.configs[session_id]
        (window,) = desk.model.listing.windows
        assert desk.model.focus.tabs == {window.window_id: window.tabs[0].tab_id}
        assert desk.model.theme in ("light", "dark")

    follow(host, conversation)


def test_variables_follow_without_a_look(host: Host) -> None:
    async def conversation(desk: Desk, link: Link) -> None:
        (session_id,) = desk.session_ids
        variables = desk.model.sessions[session_id].variables
        host.fault("type", session=session_id, text="cd /usr/share; sleep 60\n")
        await eventually(lambda: variables["path"] == "/usr/share" and variables["jobName"] == "sleep", "path and job")
        await iterm2_act.set_grid_size(link, session_id, 90, 30)
        await eventually(lambda: (variables["columns"], variables["rows"]) == (90, 30), "the size")

    follow(host, conversation)


def test_focus_follows_without_a_look(host: Host) -> None:
    async def conversation(desk: Desk, link: Link) -> None:
        (first,) = desk.session_ids
        _, tab_id, second = await iterm2_create.create_tab(link, window_id=None, profile=None, command=None)
        await desk.looker.look(link, full=False)
        assert desk.session_ids == sorted([first, second])
        window_of = {window.window_id for window in desk.model.listing.windows}
        assert desk.model.focus.window_id in window_of
        host.fault("select", session=first)
        await eventually(
            lambda: desk.model.focus.tabs[desk.model.focus.window_id or ""] != tab_id, "another tab in front"
        )
        host.fault("app_active", active=False)
        await eventually(lambda: not desk.model.focus.application_active, "another application in front")

    follow(host, conversation)


def test_the_theme_changes_the_colours(host: Host) -> None:
    async def conversation(desk: Desk, link: Link) -> None:
        (session_id,) = desk.session_ids
        backgrounds = {desk.heard.configs[session_id].background}
        for theme in ("dark", "light"):
            if desk.model.theme != theme:
                host.fault("theme", theme=theme)
                await eventually(lambda wanted=theme: desk.model.theme == wanted, theme)  # type: ignore[misc]
                await desk.looker.look(link, full=False)
                backgrounds.add(desk.heard.configs[session_id].background)
        assert desk.looks_wanted >= 1
        assert backgrounds == {"#fafafa", "#15191f"}

    follow(host, conversation)


def test_a_session_that_is_gone_is_told_once(host: Host) -> None:
    async def conversation(desk: Desk, link: Link) -> None:
        _, _, session_id = await iterm2_create.create_tab(link, window_id=None, profile=None, command=None)
        await desk.looker.look(link, full=False)
        before = desk.looks_wanted
        await iterm2_act.close(link, session_id=session_id, force=True)
        await eventually(lambda: desk.looks_wanted > before, "a look to be wanted")
        await desk.looker.look(link, full=False)
        await desk.looker.look(link, full=True)
        assert desk.heard.gone == [session_id]
        assert session_id not in desk.model.sessions

    follow(host, conversation)


def test_when_iterm2_is_gone_only_sessions_with_an_open_pipe_remain(host: Host) -> None:
    async def conversation(desk: Desk, link: Link) -> None:
        (first,) = desk.session_ids
        await iterm2_create.create_tab(link, window_id=None, profile=None, command=None)
        await desk.looker.look(link, full=False)
        desk.model.sessions[first].attached = True
        desk.looker.forget_unattached()
        assert desk.session_ids == [pane.session_id for pane in desk.model.listing.panes()] == [first]
        desk.model.sessions[first].attached = False
        desk.looker.forget_unattached()
        assert desk.session_ids == []
        assert len(desk.heard.gone) == 2

    follow(host, conversation)


def test_coprocesses_are_seen_and_sessions_that_are_gone_are_left_out(host: Host) -> None:
    async def conversation(desk: Desk, link: Link) -> None:
        (first,) = desk.session_ids
        nobody = "00000000-0000-4000-8000-000000000000"
        assert await desk.looker.coprocesses(link, [first, nobody]) == {first: None}
        command = "exec sleep 600 # '\\' $HOME"
        assert await iterm2_act.run_coprocess(link, first, command)
        assert await desk.looker.coprocesses(link, [first]) == {first: command}
        assert not await iterm2_act.run_coprocess(link, first, "exec cat")
        await iterm2_act.stop_coprocess(link, first)
        assert await desk.looker.coprocesses(link, [first]) == {first: None}

    follow(host, conversation)
