"""What reaches a subscriber, and how often."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import zmq
import zmq.asyncio

from broker.announcer import Announcer
from broker.model import ListedTab, ListedWindow, Listing, Model, Node, Pane, SessionRecord
from bus import codec, sockets
from bus.codec import Event
from bus.messages.layout import Iterm2Status, Layout, Session
from tests.support import PATIENCE, temporary_home

A = "AAAAAAAA-0000-4000-8000-000000000000"


@pytest.fixture
def path() -> Iterator[Path]:
    with temporary_home() as home:
        yield home / "pub"


class Desk:
    def __init__(self, publisher: zmq.Socket[bytes], subscriber: zmq.Socket[bytes]) -> None:
        tab = ListedTab("1", Node(False, (Pane(A),)))
        self.record = SessionRecord(variables={"name": "0"})
        self.model = Model(
            status=Iterm2Status(state="connected"),
            listing=Listing((ListedWindow("pty-1", 0, (tab,)),)),
            sessions={A: self.record},
        )
        self.announcer = Announcer(publisher, self.model, "run")
        # Closing it closes the socket that it is made from.
        self._socket = zmq.asyncio.Socket.from_socket(subscriber)

    async def receive(self) -> object:
        async with asyncio.timeout(PATIENCE):
            published = codec.decode_published(await self._socket.recv_multipart())
        return published.body if isinstance(published, Event) else published

    def close(self) -> None:
        self.announcer.close()
        self._socket.close()

    async def layout(self) -> Layout:
        found = await self.receive()
        assert isinstance(found, Layout)
        return found


def converse(path: Path, talk: Callable[[Desk], Awaitable[None]]) -> None:
    async def run() -> None:
        with zmq.Context() as context:
            # An XPUB tells when the subscription has arrived.
            publisher, subscriber = context.socket(zmq.XPUB), sockets.subscriber(context, [path], [b""])
            try:
                publisher.bind(f"ipc://{path}")
                assert await asyncio.to_thread(publisher.recv) == b"\x01"
                desk = Desk(publisher, subscriber)
                with closing(desk):
                    await talk(desk)
            finally:
                publisher.close()
                subscriber.close()

    asyncio.run(run())


def test_a_change_is_told_and_no_change_is_not(path: Path) -> None:
    async def talk(desk: Desk) -> None:
        desk.announcer.changed()
        desk.record.variables["name"] = "first"
        desk.announcer.open()
        first = await desk.layout()
        assert (first.revision, first.broker) == (1, "run")
        (session,) = first.windows[0].tabs[0].root.children
        assert isinstance(session, Session)
        assert session.title == "first"
        desk.announcer.changed()
        desk.record.variables["name"] = "new"
        second = (await desk.layout()) if desk.announcer.layout() else None
        assert second is not None
        assert second.revision == 2
        assert desk.announcer.layout() == second

    converse(path, talk)


def test_a_title_that_never_rests_is_told_seldom_and_last_as_it_is(path: Path) -> None:
    async def talk(desk: Desk) -> None:
        desk.announcer.open()
        for number in range(1, 500):
            desk.record.variables["name"] = str(number)
            desk.announcer.changed()
        first, last = await desk.layout(), await desk.layout()
        assert (first.revision, last.revision) == (1, 2)
        (session,) = last.windows[0].tabs[0].root.children
        assert isinstance(session, Session)
        assert session.title == "499"

    converse(path, talk)


def test_the_layout_is_repeated_for_who_came_too_late(path: Path) -> None:
    async def talk(desk: Desk) -> None:
        repeating = asyncio.get_running_loop().create_task(desk.announcer.repeat(), name="repeat")
        try:
            desk.announcer.open()
            assert (await desk.layout()).revision == 1
            assert (await desk.layout()).revision == 1
        finally:
            repeating.cancel()
            await asyncio.gather(repeating, return_exceptions=True)

    converse(path, talk)
