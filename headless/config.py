"""All settings of one host, built once from arguments and environment."""

from dataclasses import dataclass
from pathlib import Path

#: What the host claims to be. Sessions see it in TERM_PROGRAM_VERSION, clients in the handshake.
APP_VERSION = "3.7.0"
PROTOCOL_VERSION = "1.17"


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of one host; every one has a default that needs nothing but HOME."""

    home: Path
    suite: str = "iTerm2"
    #: Seconds between a close and the end of its sessions; None follows each profile's Session Close Undo Timeout.
    undo_seconds: float | None = None
    allow_faults: bool = False
    #: The login shell of new sessions; None asks the password database.
    shell: str | None = None
    #: Initial size of windows; None follows the profile.
    columns: int | None = None
    rows: int | None = None
    #: Files in iTerm2's dynamic profile format whose profiles are offered too.
    profiles: tuple[Path, ...] = ()
    #: Whether a first window is opened at start.
    open_window: bool = True
    #: Whether shells and coprocesses get a cookie: iTerm2's advanced setting of that name, off there too.
    set_cookie: bool = False
