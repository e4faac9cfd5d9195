"""The output of a session's last finished command, by its marks in the stream."""

import re
from dataclasses import dataclass

from bus import rpc
from bus.errors import ItermbusError
from bus.limits import REPLAY_BYTES
from bus.messages.commands import FindMark, GetPosition, Replay
from bus.messages.results import Mark, Position, Replayed

#: OSC 133: the output of a command begins after this (docs/bus.md; iTerm2's shell integration).
_RUNNING = re.compile(rb"\x1b\]133;C[^\x07\x1b]{0,300}(?:\x07|\x1b\\)")


class NoCommand(ItermbusError):
    """There is no finished command whose output could be told."""


@dataclass(frozen=True, slots=True)
class LastCommand:
    """Bytes `offset` up to `next` of `epoch` are the output. `missing`: how many of the first are no longer kept."""

    epoch: str
    offset: int
    next: int
    status: int | None
    missing: int
    output: bytes


def ask(worker: rpc.Client) -> LastCommand:
    """The last command that has finished. Raises `NoCommand`, `RequestError`."""
    position = worker.call(GetPosition(), Position)[0]
    finished = worker.call(FindMark(state="finished"), Mark)[0]
    if finished.offset is None or finished.epoch != position.epoch:
        raise NoCommand(
            "no command has finished there yet, or the shell does not tell: that needs iTerm2's shell integration"
        )
    running = worker.call(FindMark(state="running"), Mark)[0]
    if running.epoch == finished.epoch and running.offset is not None and running.offset <= finished.offset:
        start, kept = running.offset, _read(worker, finished.epoch, running.offset, finished.offset)
    else:
        # Another command runs already, and its mark is the newest: the one before is in the bytes.
        start, kept = _search(worker, position, finished)
    missing = finished.offset - start - len(kept)
    return LastCommand(finished.epoch, start, finished.offset, finished.status, missing, kept)


def _search(worker: rpc.Client, position: Position, finished: Mark) -> tuple[int, bytes]:
    assert finished.offset is not None
    before = _read(worker, finished.epoch, position.tail, finished.offset)
    found = list(_RUNNING.finditer(before))
    if not found:
        raise NoCommand("the beginning of the last command's output is no longer kept")
    output = before[found[-1].end() :]
    return finished.offset - len(output), output


def _read(worker: rpc.Client, epoch: str, start: int, end: int) -> bytes:
    """The bytes from `start` up to `end`, less those at the beginning that the ring has lost."""
    parts: list[bytes] = []
    while start < end:
        reply, data = worker.call(Replay(epoch=epoch, offset=start, limit=min(end - start, REPLAY_BYTES)), Replayed)
        if reply.epoch != epoch:
            raise NoCommand("the session's stream began anew meanwhile")
        if reply.offset > start:
            parts.clear()
        if not data or reply.offset >= end:
            break
        parts.append(data[: end - reply.offset])
        start = reply.offset + len(parts[-1])
    return b"".join(parts)
