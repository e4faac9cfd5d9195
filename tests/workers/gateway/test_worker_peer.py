"""Reading rings ahead, of real files: in order, whole, and bounded for all sessions together."""

import os
from collections.abc import Iterator

import pytest

from bus.messages.events import Moved
from bus.paths import Paths, SessionPaths, prepare
from bus.ring import Ring, new_epoch
from bus.ring_file import open_ring
from tests.support import temporary_home
from workers.gateway.worker_peer import _AHEAD_BYTES, ReadAhead, WorkerPeer

SESSION = "1111AAAA-2222-3333-4444-55555555BBBB"

_RING_BYTES = 2 << 20
_PIECE_BYTES = 48 * 1024


@pytest.fixture
def paths() -> Iterator[SessionPaths]:
    with temporary_home() as home:
        prepare(Paths(home))
        yield Paths(home).session(SESSION)


@pytest.fixture
def ring(paths: SessionPaths) -> Iterator[Ring]:
    made = open_ring(str(paths.ring), _RING_BYTES)
    made.restart(new_epoch(), _RING_BYTES)
    yield made
    made.close()


def _print(ring: Ring, size: int) -> bytes:
    """Random bytes, through a pipe as a worker gets them."""
    printed = os.urandom(size)
    reads, writes = os.pipe()
    os.set_blocking(reads, False)
    for start in range(0, size, _PIECE_BYTES):
        piece = printed[start : start + _PIECE_BYTES]
        os.write(writes, piece)
        assert ring.fill(reads, len(piece)) == len(piece)
    os.close(reads)
    os.close(writes)
    return printed


def _moved(ring: Ring) -> Moved:
    return Moved(session_id=SESSION, epoch=ring.epoch, head=ring.head)


def _rest(peer: WorkerPeer) -> bytes:
    data = b""
    while peer.has_more:
        data += peer.read_on().payload
    return data


def test_what_is_there_is_read_ahead_and_counted(paths: SessionPaths, ring: Ring) -> None:
    total = ReadAhead()
    peer = WorkerPeer(SESSION, paths, total)
    peer.move(_moved(ring))
    printed = _print(ring, 1_000_000)
    peer.move(_moved(ring))
    assert total.bytes == len(printed)
    assert _rest(peer) == printed
    assert total.bytes == 0


def test_with_enough_read_ahead_of_others_only_one_piece_is(paths: SessionPaths, ring: Ring) -> None:
    total = ReadAhead()
    total.bytes = _AHEAD_BYTES
    peer = WorkerPeer(SESSION, paths, total)
    peer.move(_moved(ring))
    _rest(peer)
    printed = _print(ring, 1_000_000)
    peer.move(_moved(ring))
    assert 0 < total.bytes - _AHEAD_BYTES < len(printed) / 4
    assert _rest(peer) == printed, "the rest was left in the ring"
    assert total.bytes == _AHEAD_BYTES


def test_what_was_read_ahead_of_a_session_that_goes_is_given_back(paths: SessionPaths, ring: Ring) -> None:
    total = ReadAhead()
    peer = WorkerPeer(SESSION, paths, total)
    peer.move(_moved(ring))
    _print(ring, 1_000_000)
    peer.move(_moved(ring))
    peer.close()
    assert total.bytes == 0
