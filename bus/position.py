"""Arithmetic of positions in a stream of bytes. Pure.

A position is `(epoch, offset)`. What a reader does with a frame follows from the two alone: take it, skip what it
has, ask for what is missing, or begin anew. Every reader of frames uses this, so loss is noticed in one place.
"""

from typing import NamedTuple


class Position(NamedTuple):
    """Where a reader stands: the next byte that it wants is byte `offset` of `epoch`."""

    epoch: str
    offset: int


class Fresh(NamedTuple):
    """The frame's bytes from `skip` on are new, and nothing is missing before them. `skip` may be its length."""

    skip: int


class Missing(NamedTuple):
    """Bytes from `start` up to `end` of the reader's epoch came by on the way to this frame and were not seen."""

    start: int
    end: int


class NewEpoch(NamedTuple):
    """The frame is of another epoch: the reader cannot say what it missed."""


def compare(reader: Position, epoch: str, offset: int, length: int) -> Fresh | Missing | NewEpoch:
    """What a frame of `length` bytes at `(epoch, offset)` is to `reader`."""
    if epoch != reader.epoch:
        return NewEpoch()
    if offset > reader.offset:
        return Missing(reader.offset, offset)
    return Fresh(min(reader.offset - offset, length))
