"""The options that every socket of the bus has."""

import os
import stat

import zmq

from bus import rpc, sockets
from bus.limits import PAYLOAD_BYTES
from bus.messages.commands import GetLayout
from tests.support import temporary_home


def test_a_part_too_long_costs_its_sender_the_connection_and_us_nothing() -> None:
    with (
        temporary_home() as home,
        zmq.Context() as context,
        sockets.rpc_server(context, home / "s") as server,
        sockets.rpc_client(context, home / "s") as other,
        context.socket(zmq.DEALER) as rude,
        rude.get_monitor_socket(zmq.EVENT_DISCONNECTED) as lost,
    ):
        rude.linger = 0
        rude.connect(f"ipc://{home / 's'}")
        rude.send_multipart([b"x" * (PAYLOAD_BYTES + 1)])
        assert lost.poll(5000), "the server hangs up"
        rude.disable_monitor()
        # Whatever of it was to arrive had arrived before the server hung up.
        other.send_multipart(rpc.request_parts(1, GetLayout()))
        assert server.poll(5000)
        assert len(server.recv_multipart()) == 3
        assert not server.poll(0), "what is too long never arrives"


def test_sockets_are_private_whatever_the_mask() -> None:
    before = os.umask(0)
    try:
        with (
            temporary_home() as home,
            zmq.Context() as context,
            sockets.rpc_server(context, home / "a"),
            sockets.publisher(context, home / "b", []),
        ):
            ends = sockets.proxy_ends(context, home / "c", home / "d")
            assert {stat.S_IMODE((home / name).stat().st_mode) for name in "abcd"} == {0o600}
            for end in ends:
                end.close()
        assert os.umask(0) == 0, "the mask is as it was"
    finally:
        os.umask(before)
