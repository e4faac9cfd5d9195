"""What the fields of messages hold, and what all messages share."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=0)]
Cells = Annotated[int, Meta(ge=1, le=10_000)]
SessionId = Annotated[str, Meta(pattern=r"^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$")]
Epoch = Annotated[str, Meta(min_length=1, max_length=32)]
MarkState = Literal["prompt", "running", "finished"]
DetachReason = Literal["", "stopped", "ended"]
Title = Annotated[str, Meta(max_length=256)]


class Message(Struct, frozen=True, kw_only=True):
    """What all records share: immutable, built by keyword."""
