"""Whether a process does more than run: each is asked something that only a living one of our version answers."""

import time
from collections.abc import Iterable
from contextlib import ExitStack, suppress

import zmq

from bus import codec, rpc, sockets, topics
from bus.errors import Iterm2Unavailable, ItermbusError, UnsupportedVersion
from bus.messages.commands import GetLayout, GetPosition
from bus.messages.results import LayoutResult, Position
from bus.paths import Paths
from itermbus import gateway_probe, host_control

#: Seconds for one answer. The gateway waits up to 1.5 s for the broker before it says what is missing.
_SECONDS = 2.0


def problem(paths: Paths, name: str, seconds: float = _SECONDS) -> str:
    """Why the process `name` (in supervisord) does not answer as it should; empty when it does.

    Raises `UnsupportedVersion` for one that speaks another version of the bus: waiting does not change that.
    """
    if name == "gateway":
        answer = gateway_probe.ask(paths.gateway_socket, seconds)
        return "" if answer is not None else f"silence at {paths.gateway_socket}"
    try:
        if name == "headless":
            host_control.ask_cookie(paths)
        elif name == "broker":
            _ask_broker(paths, seconds)
        elif topics.is_session_id(name.removeprefix(topics.WORKER_PREFIX)):
            _ask_worker(paths, name.removeprefix(topics.WORKER_PREFIX), seconds)
    except UnsupportedVersion:
        raise
    except ItermbusError as error:
        return str(error)
    return ""


def other_versions(paths: Paths, names: Iterable[str], seconds: float = _SECONDS) -> list[str]:
    """The refusals of those PTY workers among `names` that speak another version of the bus. All are asked at once."""
    sessions = [name.removeprefix(topics.WORKER_PREFIX) for name in names if name.startswith(topics.WORKER_PREFIX)]
    refusals: list[str] = []
    with zmq.Context() as context, ExitStack() as stack:
        poller = zmq.Poller()
        for session_id in filter(topics.is_session_id, sessions):
            client = stack.enter_context(sockets.rpc_client(context, paths.session(session_id).rpc))
            client.send_multipart(rpc.request_parts(1, GetPosition(), seconds=seconds))
            poller.register(client, zmq.POLLIN)
        deadline = time.monotonic() + seconds
        while poller.sockets and (left := deadline - time.monotonic()) > 0:
            for client, _ in poller.poll(int(left * 1000) + 1):
                poller.unregister(client)
                refusals += _version_refusal(client.recv_multipart())
    return sorted(refusals)


def _version_refusal(parts: list[bytes]) -> list[str]:
    # Any other refusal is told by whoever needs the answer.
    with suppress(ItermbusError):
        refusal = codec.decode_reply(parts)[0].refusal
        if refusal is not None and refusal.code == UnsupportedVersion.code:
            return [refusal.message]
    return []


def _ask_broker(paths: Paths, seconds: float) -> None:
    # That iTerm2 is missing is an answer too.
    with zmq.Context() as context, rpc.Client(context, paths.broker_rpc) as client, suppress(Iterm2Unavailable):
        client.call(GetLayout(), LayoutResult, seconds=seconds)


def _ask_worker(paths: Paths, session_id: str, seconds: float) -> None:
    with zmq.Context() as context, rpc.Client(context, paths.session(session_id).rpc) as client:
        client.call(GetPosition(), Position, seconds=seconds)
