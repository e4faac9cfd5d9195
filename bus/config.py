"""The settings of `~/.itermbus/config.toml`: every one has a default, every one is checked.

A file that cannot be used stops the process that reads it, with the line's key and what was expected: a setting
that is silently ignored is worse than none.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from bus.errors import SetupError
from bus.limits import CONFIG_BYTES, FRAME_BYTES, RING_BYTES, STREAMED_SESSIONS
from bus.log_lines import one_line
from bus.paths import Paths, check_private_file

_MIB = 1024 * 1024


class Gateway(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[gateway]`."""

    #: What a client's `terminal_resize` does: nothing, or resize the session in iTerm2.
    resize: Literal["ignore", "follow"] = "ignore"

    #: Clients at once. One more gets an `error` line and is closed.
    clients: Annotated[int, Meta(ge=1, le=1000)] = 64

    #: Bytes that wait for one client. Past it the backlog is dropped and the client gets fresh screens instead.
    #: That is dialect 1; what waits for a client of dialect 2 is bounded by time too (docs/gateway.md).
    client_queue_bytes: Annotated[int, Meta(ge=256 * 1024, le=1024 * _MIB)] = 64 * _MIB

    #: Whether `~/.itermbus/log/audit.log` tells which client typed how many bytes into which session, and when.
    audit: bool = False


class Worker(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[worker]`."""

    #: Recent bytes that each session's worker keeps for readers that are behind.
    ring_bytes: Annotated[int, Meta(ge=FRAME_BYTES, le=1024 * _MIB)] = RING_BYTES


class Broker(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[broker]`."""

    #: Seconds between two looks at iTerm2 when no notification asked for one.
    reconcile_seconds: Annotated[float, Meta(ge=0.2, le=3600)] = 10.0

    #: Sessions that are streamed. The others are shown by snapshots, and say so.
    sessions: Annotated[int, Meta(ge=1, le=STREAMED_SESSIONS)] = STREAMED_SESSIONS

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
    """The settings in force. Raises `SetupError` for a file that cannot be trusted, read, parsed or used."""
    try:
        check_private_file(paths.config)
        with paths.config.open("rb") as file:
            data = file.read(CONFIG_BYTES + 1)
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise SetupError(f"cannot read {paths.config}: {error}") from None
    return parse(data, str(paths.config))


def parse(data: bytes, name: str) -> Settings:
    """The settings in the bytes of a file called `name`. Raises `SetupError`."""
    if len(data) > CONFIG_BYTES:
        raise SetupError(f"cannot read {name}: it is longer than {CONFIG_BYTES} bytes")
    import tomllib  # Here: every worker would load it, 10 ms, for a file that is mostly not there.

    try:
        return msgspec.convert(tomllib.loads(data.decode("utf-8")), Settings)
    except UnicodeDecodeError as error:
        raise SetupError(f"cannot read {name}: byte {error.start} is not UTF-8") from None
    except msgspec.ValidationError as error:
        # What it names may be any text: a key of the file.
        raise SetupError(f"{name} has a setting that cannot be used: {one_line(str(error))[:300]}") from None
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, and a number of thousands of digits
        raise SetupError(f"{name} is not TOML: {one_line(str(error))[:300]}") from None
