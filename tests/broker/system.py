"""A running itermbus with a headless host, and a user of that host, for tests of the broker as a process."""

import asyncio
import itertools
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psutil
import zmq

from broker import iterm2_act
from broker.authorise import host_cookie
from broker.iterm2_link import Link, open_link
from broker.supervisor_client import SupervisorClient
from bus import codec, rpc, sockets, topics
from bus.codec import Event
from bus.errors import RequestError
from bus.messages.commands import AnyCommand, CreateTab, GetLayout
from bus.messages.layout import Layout, Session, Split
from bus.messages.results import AnyResult, Created, LayoutResult
from bus.messages.stat import BrokerFigures, Stat
from bus.paths import Paths
from bus.stat_feed import usage
from bus.subscriber import Subscriber
from tests.support import end, environment, wait_until

_numbers = itertools.count(1)

#: What a message that only says "here" carries.
_FIGURES = BrokerFigures(
    sessions=0,
    attached=0,
    iterm2_state="",
    iterm2_connections=0,
    reconcile_rounds=0,
    snapshots=0,
    snapshot_age=None,
    screens_followed=0,
    screens_shown=0,
    offset_words_dropped=0,
    commands_answered=0,
    malformed=0,
)

R = TypeVar("R", bound=AnyResult)
T = TypeVar("T")

_CONFIG = "[broker]\nreconcile_seconds = 0.5\n[headless]\nundo_seconds = 0\n"
_PROFILE = "PS1='ready$ '\nunset PROMPT_COMMAND\n"


class System:
    """`itermbus up` in a home of its own, and a connection to its broker."""

    def __init__(self, home: Path, *, headless: bool = True, config: str = _CONFIG) -> None:
        """`headless`: with a host that supervisord runs; without, the test has one of its own in this home."""
        self.home = home
        self.paths = Paths(home)
        self.paths.root.mkdir(mode=0o700, exist_ok=True)
        self.paths.config.write_text(config)
        for name in (".bash_profile", ".profile"):
            (home / name).write_text(_PROFILE)
        self._log = home / "up.log"
        with self._log.open("wb") as log:
            self.up = subprocess.Popen(
                [sys.executable, "-m", "itermbus", "up", "--headless" if headless else "--no-headless"],
                env=environment(home),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._broker = rpc.Client(self.context, self.paths.broker_rpc)

    def wait_up(self) -> None:
        def is_up() -> bool:
            assert self.up.poll() is None, self._log.read_text()
            return any(session.attached for session in self.sessions().values())

        wait_until(is_up, "the first session to be attached", seconds=60)

    def close(self) -> None:
        end(self.up)
        self._broker.__exit__()
        self.context.term()

    # --- the broker ---

    def call(self, command: AnyCommand, expected: type[R], payload: bytes = b"", seconds: float = 10.0) -> R:
        return self._broker.call(command, expected, payload, seconds)[0]

    def call_with_payload(self, command: AnyCommand, expected: type[R]) -> tuple[R, bytes]:
        return self._broker.call(command, expected, seconds=10)

    def send_raw(self, parts: list[bytes]) -> None:
        """Sends parts that may be no request."""
        socket_ = sockets.rpc_client(self.context, self.paths.broker_rpc)
        socket_.linger = 1000
        socket_.send_multipart(parts)
        socket_.close()

    def layout(self) -> Layout:
        return self.call(GetLayout(), LayoutResult).layout

    def sessions(self) -> dict[str, Session]:
        """Every session of the layout; none while the broker does not answer."""
        try:
            layout = self.call(GetLayout(), LayoutResult, seconds=1).layout
        except RequestError:
            return {}
        return {session.session_id: session for session in sessions_of(layout)}

    def new_session(self) -> Created:
        """A tab whose session is attached."""
        created = self.call(CreateTab(), Created)
        self.wait_attached(created.session_id)
        return created

    def wait_attached(self, session_id: str) -> None:
        wait_until(lambda: self._session(session_id, attached=True), "the session to be attached")

    def wait_reason(self, session_id: str, reason: str) -> None:
        wait_until(
            lambda: (found := self._session(session_id, attached=False)) and found.reason == reason,
            f"the session to be not attached because {reason}",
        )

    def subscribe(self, name: str) -> Subscriber:
        """A subscriber of one event, once its subscription is known.

        Subscriptions travel in their order: when a figure that the test publishes comes back, the event's was there
        before it.
        """
        marker = Stat(process=f"test-{next(_numbers)}", pid=os.getpid(), time=0.0, usage=usage(), figures=_FIGURES)
        prefixes = [topics.event(name), topics.stat(marker.process)]
        subscriber = Subscriber(self.context, [self.paths.bus_pub], prefixes)
        publisher = sockets.publisher(self.context, None, [self.paths.bus_feed])

        def comes_back() -> bool:
            publisher.send_multipart(codec.encode_stat(marker))
            return subscriber.receive(0.05) == marker

        wait_until(comes_back, "the subscription to be known")
        publisher.close()
        return subscriber

    def _session(self, session_id: str, *, attached: bool) -> Session | None:
        session = self.sessions().get(session_id)
        return session if session is not None and session.attached is attached else None

    # --- supervisord ---

    def states(self) -> dict[str, str]:
        """The PTY workers in supervisord."""
        return asyncio.run(SupervisorClient(self.paths.supervisor_socket).states())

    def pid(self, program: str) -> int:
        """The process id of a program that runs; waits for it."""

        def running() -> int:
            client = SupervisorClient(self.paths.supervisor_socket)
            info = asyncio.run(client.call("supervisor.getProcessInfo", program))
            assert isinstance(info, dict)
            return int(info["pid"]) if info["statename"] == "RUNNING" else 0

        return wait_until(running, f"{program} to run")

    def kill(self, program: str) -> int:
        """Kills a program and waits until another one runs. Returns the pid of the one that was killed."""
        killed = self.pid(program)
        psutil.Process(killed).kill()
        wait_until(lambda: self.pid(program) != killed, f"{program} to be back")
        return killed

    # --- the user of the host ---

    @staticmethod
    async def stop_and_run(link: Link, session_id: str, command: str) -> None:
        """Puts another coprocess in the place of ours."""
        await iterm2_act.stop_coprocess(link, session_id)
        await iterm2_act.run_coprocess(link, session_id, command)

    def as_user(self, act: Callable[[Link], Awaitable[T]]) -> T:
        """Does something through the host's own API, as a script of its user does."""

        async def run() -> T:
            link = await open_link(self.paths, await host_cookie(self.paths), lambda _notification: None)
            reading = asyncio.get_running_loop().create_task(link.read(), name="read")
            try:
                return await act(link)
            finally:
                await link.close()
                await reading

        before = os.environ["HOME"]
        os.environ["HOME"] = str(self.home)
        try:
            return asyncio.run(run())
        finally:
            os.environ["HOME"] = before


def wait_event(subscriber: Subscriber, wanted: Callable[[Any], bool], what: str) -> Any:
    """The body of the first event that is `wanted`."""

    def receive() -> Any:
        message = subscriber.receive(0.1)
        return message.body if isinstance(message, Event) and wanted(message.body) else None

    return wait_until(receive, what)


def sessions_of(layout: Layout) -> list[Session]:
    """Every session of a layout."""
    trees = [tab.root for window in layout.windows for tab in window.tabs]
    return [*(session for tree in trees for session in _leaves(tree)), *layout.buried]


def _leaves(split: Split) -> list[Session]:
    return [leaf for child in split.children for leaf in (_leaves(child) if isinstance(child, Split) else [child])]


@contextmanager
def running_system(home: Path, *, headless: bool = True, config: str = _CONFIG) -> Iterator[System]:
    """A system whose first session is attached, until the end."""
    system = System(home, headless=headless, config=config)
    try:
        system.wait_up()
        yield system
    finally:
        system.close()
