"""What processes tell about themselves, once a second while somebody listens."""

from bus.messages.fields import Count, Message, SessionId
from bus.version import BUS_VERSION


class Usage(Message, frozen=True, kw_only=True):
    """What a process has used so far: seconds of a core, and the most memory that was its own, in bytes."""

    cpu_seconds: float
    memory_peak_bytes: Count


class Figures(Message, frozen=True, kw_only=True, tag_field="kind"):
    """A process's counts since it started, unless they say otherwise."""


class WorkerFigures(Figures, frozen=True, kw_only=True, tag="worker"):
    """A session's worker. Output is what the session prints, input what is typed into it.

    `output_rate`: bytes a second, of the last second. `drain_lag`: the longest time of the last second for which the
    pipe was not looked at. `ring_used` of `ring_bytes` can be replayed. `damaged`: rings that had to begin anew.
    """

    session_id: SessionId
    attached: bool
    output_bytes: Count
    output_rate: float
    frames: Count
    drain_lag: float
    ring_bytes: Count
    ring_used: Count
    input_bytes: Count
    inputs: Count
    inputs_refused: Count
    input_waiting_bytes: Count
    replays: Count
    damaged: Count
    malformed: Count


class GatewayFigures(Figures, frozen=True, kw_only=True, tag="gateway"):
    """The gateway. `viewers`: clients that get a session's bytes now, by session id; sessions without any are left out.

    `gaps`: holes in the frames, which the rings fill. `resyncs`: streams that went on elsewhere, with fresh screens.
    `backlogs_dropped`: output that waited for a slow client and was given up. `queued_bytes` wait for clients now.
    """

    clients: Count
    streams: Count
    viewers: dict[SessionId, Count]
    frames: Count
    frame_bytes: Count
    gaps: Count
    resyncs: Count
    queued_bytes: Count
    queue_peak_bytes: Count
    backlogs_dropped: Count
    sent_bytes: Count
    malformed: Count


class BrokerFigures(Figures, frozen=True, kw_only=True, tag="broker"):
    """The broker. `snapshot_age`: seconds since the newest screen was read, None before the first."""

    sessions: Count
    attached: Count
    iterm2_state: str
    iterm2_connections: Count
    reconcile_rounds: Count
    snapshots: Count
    snapshot_age: float | None
    screens_followed: Count
    screens_shown: Count
    offset_words_dropped: Count
    commands_answered: Count
    malformed: Count


class HeadlessFigures(Figures, frozen=True, kw_only=True, tag="headless"):
    """The headless host. `sessions`: with those that are buried or whose close can be undone.

    What waits for coprocesses has no bound, as in iTerm2: `coprocess_buffered_bytes` wait for all of them now,
    `coprocess_peak_bytes` is the most that ever waited for one. `emulator_shed_bytes` were dropped because the emulator
    was behind: they are missing on screens, and in no session's bytes. `clients`: connections to its API.
    """

    sessions: Count
    coprocesses: Count
    clients: Count
    output_bytes: Count
    coprocess_buffered_bytes: Count
    coprocess_peak_bytes: Count
    emulator_waiting_bytes: Count
    emulator_shed_bytes: Count
    emulator_restarts: Count


AnyFigures = WorkerFigures | GatewayFigures | BrokerFigures | HeadlessFigures


class Stat(Message, frozen=True, kw_only=True):
    """A process's figures at one moment. `process` is its name in supervisord."""

    v: int = BUS_VERSION
    process: str
    pid: int
    time: float
    usage: Usage
    figures: AnyFigures
