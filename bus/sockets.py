"""Every ZeroMQ socket of itermbus, made with its options in one place.

Marks are set before bind and connect: set later they have no effect. LINGER is 0 everywhere, because what a
process had not sent when it ends is asked for again by position or by request id.
"""

import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import zmq

from bus.limits import PAYLOAD_BYTES
from bus.paths import ipc
from bus.peer import private_files

log = logging.getLogger("bus.sockets")

#: Messages queued for one subscriber before the publisher drops for it: at 64 KiB a frame, 16 MiB. A drop shows as
#: a jump of the offset and is repaired from the worker's ring, so the mark only has to cover a reader's short pause.
PUBLISH_HWM = 256

#: The same at the receiving end.
SUBSCRIBE_HWM = 256

#: Requests or replies queued for one peer.
RPC_HWM = 1000

#: How soon a lost peer is tried again, and how slowly at the most. Milliseconds.
_RECONNECT_MS = 20
_RECONNECT_MAX_MS = 1000


def publisher(context: zmq.Context[zmq.Socket[bytes]], bind: Path | None, feeds: Iterable[Path]) -> zmq.Socket[bytes]:
    """A PUB socket that listens at `bind` and also publishes into each of `feeds` (the broker's proxy).

    Nobody's bytes wait for it: it drops for a subscriber that is `PUBLISH_HWM` messages behind. Raises
    `zmq.ZMQError` when `bind` cannot be bound.
    """
    return _publisher(context, zmq.PUB, bind, feeds)


def knowing_publisher(
    context: zmq.Context[zmq.Socket[bytes]], bind: Path | None, feeds: Iterable[Path]
) -> zmq.Socket[bytes]:
    """The same as an XPUB socket, which also tells what is subscribed to; `bus.subscriptions` reads that."""
    return _publisher(context, zmq.XPUB, bind, feeds)


def _publisher(
    context: zmq.Context[zmq.Socket[bytes]], kind: int, bind: Path | None, feeds: Iterable[Path]
) -> zmq.Socket[bytes]:
    socket = context.socket(kind)
    _common(socket)
    socket.sndhwm = PUBLISH_HWM
    socket.rcvhwm = SUBSCRIBE_HWM
    if bind is not None:
        _bind(socket, bind)
    for feed in feeds:
        socket.connect(ipc(feed))
    return socket


def subscriber(
    context: zmq.Context[zmq.Socket[bytes]], endpoints: Iterable[Path], prefixes: Iterable[bytes]
) -> zmq.Socket[bytes]:
    """A SUB socket for the topics that begin with one of `prefixes`, at each of `endpoints`."""
    socket = context.socket(zmq.SUB)
    _common(socket)
    socket.rcvhwm = SUBSCRIBE_HWM
    for prefix in prefixes:
        socket.subscribe(prefix)
    for endpoint in endpoints:
        socket.connect(ipc(endpoint))
    return socket


def rpc_server(context: zmq.Context[zmq.Socket[bytes]], bind: Path) -> zmq.Socket[bytes]:
    """A ROUTER socket that receives requests at `bind`. Raises `zmq.ZMQError` when it cannot be bound."""
    socket = context.socket(zmq.ROUTER)
    _common(socket)
    socket.sndhwm = socket.rcvhwm = RPC_HWM
    _bind(socket, bind)
    return socket


def rpc_client(context: zmq.Context[zmq.Socket[bytes]], server: Path) -> zmq.Socket[bytes]:
    """A DEALER socket that sends requests to the server at `server`, which need not be there yet."""
    socket = context.socket(zmq.DEALER)
    _common(socket)
    socket.sndhwm = socket.rcvhwm = RPC_HWM
    socket.connect(ipc(server))
    return socket


def rpc_fan(context: zmq.Context[zmq.Socket[bytes]]) -> zmq.Socket[bytes]:
    """A ROUTER socket that is a client of many servers: one descriptor to poll instead of one a session.

    Connect it with `connect_peer`; a request to a peer that is not there raises `zmq.Again` or EHOSTUNREACH.
    """
    socket = context.socket(zmq.ROUTER)
    _common(socket)
    socket.sndhwm = socket.rcvhwm = RPC_HWM
    socket.router_mandatory = True
    return socket


def connect_peer(fan: zmq.Socket[bytes], name: bytes, server: Path) -> None:
    """Connects `fan` to the server at `server`, to be addressed as `name`."""
    fan.setsockopt(zmq.CONNECT_ROUTING_ID, name)
    fan.connect(ipc(server))


def waiting(socket: zmq.Socket[bytes], most: int) -> Iterator[list[bytes]]:
    """The messages that have come, `most` of them at the most; never blocks."""
    for _ in range(most):
        try:
            parts = socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return
        yield parts


def proxy_ends(
    context: zmq.Context[zmq.Socket[bytes]], feed: Path, pub: Path
) -> tuple[zmq.Socket[bytes], zmq.Socket[bytes]]:
    """The XSUB and XPUB of the proxy behind `bus.pub`. A topic that nobody subscribes to is not even sent to `feed`."""
    receiving = context.socket(zmq.XSUB)
    _common(receiving)
    receiving.rcvhwm = SUBSCRIBE_HWM
    _bind(receiving, feed)
    sending = context.socket(zmq.XPUB)
    _common(sending)
    sending.sndhwm = PUBLISH_HWM
    _bind(sending, pub)
    return receiving, sending


def _bind(socket: zmq.Socket[bytes], path: Path) -> None:
    """Listens at `path`, mode 0600, and has libzmq close connections of other users (src/ipc_listener.cpp: filter).

    libzmq asks for the peer's user as `bus.peer` does (SO_PEERCRED, on macOS LOCAL_PEERCRED). One that was built
    without it, or has dropped this deprecated option, says so here, and leaves us the folder's mode and the socket's.
    """
    try:
        socket.setsockopt(zmq.IPC_FILTER_UID, os.geteuid())
    except (AttributeError, zmq.ZMQError):
        log.info("this libzmq does not check the user of its peers; the modes of folder and socket do")
    with private_files():
        socket.bind(ipc(path))


def _common(socket: zmq.Socket[bytes]) -> None:
    socket.linger = 0
    socket.maxmsgsize = PAYLOAD_BYTES
    socket.reconnect_ivl = _RECONNECT_MS
    socket.reconnect_ivl_max = _RECONNECT_MAX_MS
