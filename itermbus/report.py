"""What `status` tells, as records: their fields are the keys of `status --json`. `itermbus.gathering` fills them.

Bytes are counted since the process in question started. What a process that does not answer would tell is None.
"""

import msgspec

#: What the user can do about each state of iTerm2.
ADVICE = {
    "not_installed": "Install iTerm2, or use the headless host: itermbus up --headless",
    "not_running": "Start iTerm2.",
    "api_disabled": "In iTerm2, switch on: Settings > General > Magic > Enable Python API.",
    "waiting_for_authorisation": "macOS asks whether iTerm2 may be controlled: allow it, "
    "or later in System Settings > Privacy & Security > Automation.",
    "refused": "Allow it in System Settings > Privacy & Security > Automation, then: itermbus restart broker",
    "connected": "",
    "lost": "It is tried again; start iTerm2 if it was quit.",
}


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """One process. `uptime` is seconds; `reason` says why it does not run.

    `restarts`: since supervisord started. `memory_bytes` is what is in memory now, shared libraries counted in.
    """

    name: str
    state: str
    pid: int | None
    uptime: int | None
    restarts: int
    memory_bytes: int | None = None
    cpu_seconds: float | None = None
    reason: str | None


class Iterm2(msgspec.Struct, frozen=True, kw_only=True):
    """The broker's connection to iTerm2, and what to do about it."""

    state: str
    version: str | None
    reason: str
    advice: str


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One session. `reason` says why it is not attached; `output_rate` is bytes a second."""

    session_id: str
    title: str
    columns: int
    rows: int
    attached: bool
    reason: str | None
    output_bytes: int | None = None
    output_rate: float | None = None
    input_bytes: int | None = None
    viewers: int | None = None
    ring_used: int | None = None
    ring_bytes: int | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """`iterm2` and `sessions` are None when the broker does not answer; `since` is seconds since 1970."""

    running: bool
    exit_code: int
    pid: int | None = None
    since: float | None = None
    gateway: str
    clients: int | None = None
    processes: list[Process] = []
    iterm2: Iterm2 | None = None
    sessions: list[SessionRow] | None = None
    problems: list[str] = []
