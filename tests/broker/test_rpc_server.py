"""The server over a real socket: answers, refusals, order, limits."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import zmq
import zmq.asyncio

from broker.rpc_server import RpcServer
from bus import codec, rpc, sockets
from bus.errors import NoSuchSession
from bus.messages.commands import Activate, AnyCommand, GetLayout, Request
from bus.messages.results import AnyResult, Done, Reply
from tests.support import temporary_home

Answer = tuple[AnyResult, bytes]


@pytest.fixture
def path() -> Iterator[Path]:
    with temporary_home() as home:
        yield home / "rpc"


def converse(
    path: Path,
    handler: Callable[[AnyCommand, bytes], Awaitable[Answer]],
    talk: Callable[[zmq.asyncio.Socket, RpcServer], Awaitable[None]],
) -> None:
    """Lets a client talk to a server with this handler."""

    async def run() -> None:
        with zmq.Context() as context:
            router, dealer = sockets.rpc_server(context, path), sockets.rpc_client(context, path)
            server = RpcServer(router, handler)
            serving = asyncio.get_running_loop().create_task(server.serve(), name="serve")
            try:
                async with asyncio.timeout(30):
                    with zmq.asyncio.Socket.from_socket(dealer) as client:
                        await talk(client, server)
            finally:
                serving.cancel()
                await asyncio.gather(serving, return_exceptions=True)
                dealer.close()
                router.close()

    asyncio.run(run())


async def receive(client: zmq.asyncio.Socket) -> Reply:
    return codec.decode_reply(await client.recv_multipart())[0]


async def done(_command: AnyCommand, _payload: bytes) -> Answer:
    return Done(), b""


def test_each_request_gets_its_answer(path: Path) -> None:
    async def handle(command: AnyCommand, _payload: bytes) -> Answer:
        if isinstance(command, GetLayout):
            raise NoSuchSession("no session of this id")
        return Done(), b""

    async def talk(client: zmq.asyncio.Socket, server: RpcServer) -> None:
        await client.send_multipart(rpc.request_parts(1, Activate()))
        await client.send_multipart(rpc.request_parts(2, GetLayout()))
        replies = [await receive(client), await receive(client)]
        assert [reply.id for reply in replies] == [1, 2]
        assert replies[0].result == Done()
        assert replies[1].refusal is not None
        assert replies[1].refusal.code == "no_such_session"
        assert server.answered == 2

    converse(path, handle, talk)


def test_a_slow_command_does_not_hold_up_the_next(path: Path) -> None:
    release = asyncio.Event()

    async def handle(command: AnyCommand, _payload: bytes) -> Answer:
        if isinstance(command, GetLayout):
            await release.wait()
        return Done(), b""

    async def talk(client: zmq.asyncio.Socket, _server: RpcServer) -> None:
        await client.send_multipart(rpc.request_parts(1, GetLayout()))
        await client.send_multipart(rpc.request_parts(2, Activate()))
        assert (await receive(client)).id == 2
        release.set()
        assert (await receive(client)).id == 1

    converse(path, handle, talk)


def test_a_command_that_takes_longer_than_its_sender_waits_is_given_up(path: Path) -> None:
    cancelled: list[bool] = []

    async def handle(_command: AnyCommand, _payload: bytes) -> Answer:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(True)
        return Done(), b""

    async def talk(client: zmq.asyncio.Socket, _server: RpcServer) -> None:
        await client.send_multipart(rpc.request_parts(1, GetLayout(), seconds=0.2))
        reply = await receive(client)
        assert reply.refusal is not None
        assert reply.refusal.code == "timeout"
        assert cancelled == [True]

    converse(path, handle, talk)


def test_a_request_that_comes_too_late_is_not_carried_out(path: Path) -> None:
    carried_out: list[AnyCommand] = []

    async def handle(command: AnyCommand, _payload: bytes) -> Answer:
        carried_out.append(command)
        return Done(), b""

    async def talk(client: zmq.asyncio.Socket, _server: RpcServer) -> None:
        await client.send_multipart(codec.encode_request(Request(id=1, deadline=1.0, command=GetLayout())))
        reply = await receive(client)
        assert reply.refusal is not None
        assert (reply.refusal.code, carried_out) == ("timeout", [])

    converse(path, handle, talk)


def test_a_failure_of_ours_is_answered_without_its_text(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def handle(_command: AnyCommand, _payload: bytes) -> Answer:
        raise ZeroDivisionError("secret")

    async def talk(client: zmq.asyncio.Socket, _server: RpcServer) -> None:
        await client.send_multipart(rpc.request_parts(1, GetLayout()))
        reply = await receive(client)
        assert reply.refusal is not None
        assert reply.refusal.code == "internal"
        assert "secret" not in reply.refusal.message

    converse(path, handle, talk)
    assert "GetLayout" in caplog.text


def test_malformed_requests_are_counted(path: Path) -> None:
    async def talk(client: zmq.asyncio.Socket, server: RpcServer) -> None:
        for parts in ([b""], [b"", b"", b""], [b"\xc1", b""], [b"\x80", b""]):
            await client.send_multipart(parts)
        await client.send_multipart(rpc.request_parts(1, GetLayout()))
        assert (await receive(client)).id == 1
        assert server.malformed == 4

    converse(path, done, talk)


def test_too_many_at_once_are_refused(path: Path) -> None:
    release = asyncio.Event()

    async def handle(_command: AnyCommand, _payload: bytes) -> Answer:
        await release.wait()
        return Done(), b""

    async def talk(client: zmq.asyncio.Socket, _server: RpcServer) -> None:
        for number in range(65):
            await client.send_multipart(rpc.request_parts(number, GetLayout()))
        first = await receive(client)
        assert first.id == 64
        assert first.refusal is not None
        assert first.refusal.code == "busy"
        release.set()
        assert {(await receive(client)).id for _ in range(64)} == set(range(64))

    converse(path, handle, talk)


def test_no_deadline_is_too_far_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broker.rpc_server._SECONDS_MOST", 0.1)

    async def handle(_command: AnyCommand, _payload: bytes) -> Answer:
        await asyncio.Event().wait()
        return Done(), b""

    async def talk(client: zmq.asyncio.Socket, _server: RpcServer) -> None:
        await client.send_multipart(rpc.request_parts(1, GetLayout(), seconds=1e9))
        reply = await receive(client)
        assert reply.refusal is not None
        assert reply.refusal.code == "timeout"

    converse(path, handle, talk)


def test_a_request_of_another_version_is_refused_in_words(path: Path) -> None:
    async def talk(client: zmq.asyncio.Socket, server: RpcServer) -> None:
        await client.send_multipart([b"\x82\xa1v\x02\xa2id\x07", b""])
        reply = await receive(client)
        assert reply.id == 7
        assert reply.refusal is not None
        assert reply.refusal.code == "unsupported_version"
        assert "restart it with `itermbus restart broker`" in reply.refusal.message
        assert server.malformed == 1

    converse(path, done, talk)
