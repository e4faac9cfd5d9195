"""After any sequence of actions the list is sound, and when all is closed nothing is left."""

import random
import time
from collections.abc import Callable, Iterator

import psutil
import pytest
from iterm2 import api_pb2

from tests.headless.conftest import HostProcess, wait_until
from tests.headless.raw_client import RawClient

SECONDS = 2.5
MAX_SESSIONS = 12


def panes(node: api_pb2.SplitTreeNode) -> Iterator[str]:
    """The sessions of a split tree."""
    for link in node.links:
        if link.HasField("session"):
            yield link.session.unique_identifier
        else:
            yield from panes(link.node)


class Actor:
    """Does something at random, as a client or as the user."""

    def __init__(self, host: HostProcess, client: RawClient, seed: int) -> None:
        self.host, self.client, self.random = host, client, random.Random(seed)
        self.windows: list[str] = []
        self.tabs: list[str] = []
        self.sessions: list[str] = []
        self.buried: list[str] = []

    def look(self) -> None:
        """Reads the list and checks that it is sound."""
        listed = self.client.windows()
        self.windows, self.tabs, self.sessions = [], [], []
        for window in listed.windows:
            self.windows.append(window.window_id)
            tabs = [tab.tab_id for tab in window.tabs]
            assert window.selected_tab_id in tabs
            self.tabs += tabs
            for tab in window.tabs:
                shown = list(panes(tab.root))
                assert tab.active_session_id in shown
                self.sessions += [*shown, *(hidden.unique_identifier for hidden in tab.minimized_sessions)]
        self.buried = [summary.unique_identifier for summary in listed.buried_sessions]
        assert len(set(self.tabs)) == len(self.tabs)
        assert len({*self.sessions, *self.buried}) == len(self.sessions) + len(self.buried)

    def act(self) -> None:
        """One action."""
        if not self.sessions:
            self.client.ask(create_tab_request=api_pb2.CreateTabRequest())
        elif len(self.sessions) > MAX_SESSIONS:
            self.close_windows(self.random.choice(self.windows))
        else:
            session = self.random.choice(self.sessions)
            self.random.choice(ACTIONS)(self, session)

    def create(self, _session: str) -> None:
        request = api_pb2.CreateTabRequest(select_tab=self.random.random() < 0.5)
        if self.random.random() < 0.7:
            request.window_id = self.random.choice(self.windows)
        self.client.ask(create_tab_request=request)

    def split(self, session: str) -> None:
        request = api_pb2.SplitPaneRequest(session=session, before=self.random.random() < 0.5)
        request.split_direction = self.random.choice([request.VERTICAL, request.HORIZONTAL])
        self.client.ask(split_pane_request=request)

    def close(self, session: str) -> None:
        request = api_pb2.CloseRequest(force=True)
        request.sessions.session_ids.append(session)
        self.client.ask(close_request=request)

    def close_windows(self, *windows: str) -> None:
        request = api_pb2.CloseRequest(force=True)
        request.windows.window_ids.extend(windows)
        self.client.ask(close_request=request)

    def exit(self, session: str) -> None:
        self.client.ask(send_text_request=api_pb2.SendTextRequest(session=session, text="exit\n"))

    def restart(self, session: str) -> None:
        self.client.ask(restart_session_request=api_pb2.RestartSessionRequest(session_id=session))

    def bury(self, session: str) -> None:
        request = api_pb2.SetPropertyRequest(session_id=session, name="buried", json_value="true")
        self.client.ask(set_property_request=request)

    def disinter(self, _session: str) -> None:
        for session in self.buried[:1]:
            request = api_pb2.ActivateRequest(session_id=session, select_session=True, select_tab=True)
            self.client.ask(activate_request=request)

    def reorder(self, _session: str) -> None:
        chosen = self.random.sample(self.tabs, self.random.randint(0, len(self.tabs)))
        request = api_pb2.ReorderTabsRequest()
        request.assignments.add(window_id=self.random.choice(self.windows), tab_ids=chosen)
        self.client.ask(reorder_tabs_request=request)

    def move(self, session: str) -> None:
        other, vertical = self.random.choice(self.sessions), self.random.choice(["true", "false"])
        where = self.random.choice(
            [
                f'(session: "{session}", destination: "{other}", vertical: {vertical}, before: true)',
                f'_to_new_tab(session: "{session}")',
                f'_to_new_window(session: "{session}")',
            ]
        )
        request = api_pb2.InvokeFunctionRequest(invocation=f"iterm2.move_session{where}", timeout=-1)
        request.app.SetInParent()
        self.client.ask(invoke_function_request=request)

    def run_coprocess(self, session: str) -> None:
        command = self.random.choice(["exec cat > /dev/null", "sleep 0.1; echo :", "exec sleep 50"])
        self.client.invoke(session, f'iterm2.run_coprocess(commandLine: "{command}")')

    def stop_coprocess(self, session: str) -> None:
        self.client.invoke(session, "iterm2.stop_coprocess()")

    def select(self, session: str) -> None:
        self.host.control(request="fault", fault="select", session=session)

    def undo(self, _session: str) -> None:
        for guid, session in self.host.control(request="statistics")["sessions"].items():
            if session["state"] == "closed":
                self.host.control(request="fault", fault="undo_close", session=guid)
                return

    def resize(self, session: str) -> None:
        size = f'{{"width": {self.random.randint(1, 150)}, "height": {self.random.randint(1, 60)}}}'
        request = api_pb2.SetPropertyRequest(session_id=session, name="grid_size", json_value=size)
        self.client.ask(set_property_request=request)

    def maximize(self, _session: str) -> None:
        self.client.ask(menu_item_request=api_pb2.MenuItemRequest(identifier="Maximize Active Pane"))

    def set_end(self, session: str) -> None:
        request = api_pb2.SetProfilePropertyRequest(session=session)
        request.assignments.add(key="Close Sessions On End", json_value=self.random.choice("012"))
        self.client.ask(set_profile_property_request=request)


ACTIONS: list[Callable[[Actor, str], None]] = [
    Actor.create,
    Actor.split,
    Actor.close,
    Actor.exit,
    Actor.restart,
    Actor.bury,
    Actor.disinter,
    Actor.reorder,
    Actor.move,
    Actor.run_coprocess,
    Actor.stop_coprocess,
    Actor.select,
    Actor.undo,
    Actor.resize,
    Actor.maximize,
    Actor.set_end,
]


@pytest.mark.parametrize("seed", [1, 2])
def test_random_actions(start_host: Callable[..., HostProcess], seed: int) -> None:
    host = start_host("--allow-faults", "--undo-seconds", "0.2")
    with host.connect() as client:
        client.subscribe(*range(6, 10), 11)
        actor = Actor(host, client, seed)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            actor.look()
            actor.act()
        actor.look()
        for session in actor.buried:
            actor.close(session)
        actor.close_windows(*actor.windows)

        def empty() -> bool:
            actor.look()
            actor.close_windows(*actor.windows)  # a program that had just been restarted on its end
            statistics = host.control(request="statistics")
            return not statistics["sessions"] and statistics["programs"] == 0

        wait_until(empty, "all sessions and programs are gone")
        process = psutil.Process(host.process.pid)
        wait_until(lambda: len(process.children()) == 1, "only the emulator is left")
        wait_until(lambda: process.num_fds() < 25, "descriptors are given back")
    assert "ERROR" not in host.log()
