import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zmq

from bus import codec, rpc, sockets
from bus.errors import BY_CODE, Internal, NoSuchSession, RequestError, RequestTimeout, from_code
from bus.messages.commands import AnyCommand, GetLayout, Input, Request
from bus.messages.results import AnyResult, Done, Written


@pytest.fixture
def context() -> Iterator[zmq.Context[zmq.Socket[bytes]]]:
    with zmq.Context() as made:
        yield made


#: What a server of a test does with one command and its payload.
Handler = Callable[[AnyCommand, bytes], tuple[AnyResult, bytes]]


def _answer(parts: list[bytes], handler: Handler) -> list[bytes]:
    request, payload = codec.decode_request(parts)
    try:
        rpc.check_deadline(request)
        result, out = handler(request.command, payload)
    except RequestError as error:
        return rpc.refusal_parts(request.id, error)
    return rpc.result_parts(request.id, result, out)


@contextmanager
def serving(context: zmq.Context[zmq.Socket[bytes]], path: Path, handler: Handler) -> Iterator[None]:
    """Answers requests at `path` in a thread."""
    server = sockets.rpc_server(context, path)
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            if server.poll(20):
                client, *parts = server.recv_multipart()
                server.send_multipart([client, *_answer(parts, handler)])

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        server.close()


def _echo(command: AnyCommand, payload: bytes) -> tuple[AnyResult, bytes]:
    assert isinstance(command, Input)
    return Written(written=len(payload)), payload


def test_a_request_gets_its_answer(context: zmq.Context[zmq.Socket[bytes]], tmp_path: Path) -> None:
    with serving(context, tmp_path / "s", _echo), rpc.Client(context, tmp_path / "s") as client:
        for payload in (b"", b"abc", bytes(256)):
            assert client.call(Input(), Written, payload) == (Written(written=len(payload)), payload)


def test_a_refusal_arrives_as_the_same_exception(context: zmq.Context[zmq.Socket[bytes]], tmp_path: Path) -> None:
    def refuse(_command: AnyCommand, _payload: bytes) -> tuple[AnyResult, bytes]:
        raise NoSuchSession("there is none")

    with (
        serving(context, tmp_path / "s", refuse),
        rpc.Client(context, tmp_path / "s") as client,
        pytest.raises(NoSuchSession, match="there is none"),
    ):
        client.call(GetLayout(), Done)


def test_a_result_of_another_type_is_not_taken(context: zmq.Context[zmq.Socket[bytes]], tmp_path: Path) -> None:
    with (
        serving(context, tmp_path / "s", _echo),
        rpc.Client(context, tmp_path / "s") as client,
        pytest.raises(Internal, match="Written"),
    ):
        client.call(Input(), Done)


def test_nobody_there_is_a_timeout(context: zmq.Context[zmq.Socket[bytes]], tmp_path: Path) -> None:
    with rpc.Client(context, tmp_path / "nobody") as client, pytest.raises(RequestTimeout):
        client.call(GetLayout(), Done, seconds=0.1)


def test_a_request_past_its_deadline_is_not_carried_out() -> None:
    done: list[AnyCommand] = []

    def handler(command: AnyCommand, _payload: bytes) -> tuple[AnyResult, bytes]:
        done.append(command)
        return Done(), b""

    late = codec.encode_request(Request(id=4, deadline=time.time() - 1, command=GetLayout()))
    with pytest.raises(RequestTimeout):
        rpc.unwrap(codec.decode_reply(_answer(late, handler))[0], Done)
    assert not done


def test_every_code_of_the_contract_has_its_exception() -> None:
    codes = "bad_json too_long unknown_type invalid no_such_session no_such_tab no_such_window not_attached read_only "
    codes += "busy iterm2_unavailable timeout unsupported_version internal"
    assert set(BY_CODE) == set(codes.split())
    for code, cls in BY_CODE.items():
        assert type(from_code(code, "text")) is cls
    assert type(from_code("unheard_of", "text")) is Internal
