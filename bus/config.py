"""The settings of `~/.itermbus/config.toml`: every one has a default, every one is checked.

A file that cannot be used stops the process that reads it, with the line's key and what was expected: a setting
that is silently ignored is worse than none.
"""

import tomllib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from bus.errors import SetupError
from bus.limits import FRAME_BYTES, RING_BYTES
from bus.paths import Paths

_MIB = 1024 * 1024


class Gateway(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[gateway]`."""

    #: What a client's `terminal_resize` does: nothing, or resize the session in iTerm2.
    resize: Literal["ignore", "follow"] = "ignore"

    #: Clients at once. One more gets an `error` line and is closed.
    clients: Annotated[int, Meta(ge=1, le=1000)] = 64

    #: Bytes that wait for one client. Past it the backlog is dropped and the client gets fresh screens instead.
    client_queue_bytes: Annotated[int, Meta(ge=256 * 1024, le=1024 * _MIB)] = 64 * _MIB


class Worker(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[worker]`."""

    #: Recent bytes that each session's worker keeps for readers that are behind.
    ring_bytes: Annotated[int, Meta(ge=FRAME_BYTES, le=1024 * _MIB)] = RING_BYTES


class Broker(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[broker]`."""

    #: Seconds between two looks at iTerm2 when no notification asked for one.
    reconcile_seconds: Annotated[float, Meta(ge=0.2, le=3600)] = 5.0

    #: Coprocess launches per session and hour: each costs iTerm2 a descriptor (sources/Tasks/Coprocess.m:194).
    attaches_per_hour: Annotated[int, Meta(ge=1, le=1000)] = 20


class Headless(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[headless]`."""

    #: Initial size of windows. None follows the profile (80 columns, 25 rows).
    columns: Annotated[int, Meta(ge=2, le=1000)] | None = None
    rows: Annotated[int, Meta(ge=2, le=1000)] | None = None

    #: Seconds for which a closed session can still be brought back. None follows the profile's Session Close Undo
    #: Timeout (5).
    undo_seconds: Annotated[float, Meta(ge=0, le=3600)] | None = None

    #: Whether shells and coprocesses get a cookie of their own, as with iTerm2's advanced setting of that name.
    set_cookie: bool = False


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of `config.toml`."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    gateway: Gateway = Gateway()
    worker: Worker = Worker()
    broker: Broker = Broker()
    headless: Headless = Headless()


def load(paths: Paths) -> Settings:
    """The settings in force. Raises `SetupError` for a file that cannot be read, parsed or used."""
    try:
        text = paths.config.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"cannot read {paths.config}: {error}") from None
    try:
        return msgspec.convert(tomllib.loads(text), Settings)
    except tomllib.TOMLDecodeError as error:
        raise SetupError(f"{paths.config} is not TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise SetupError(f"{paths.config} has a setting that cannot be used: {error}") from None
