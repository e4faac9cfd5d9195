"""Every message of the bus as a typed, immutable record, declared once.

On the wire each is one MessagePack map (`bus.codec`). Unknown keys are ignored, missing or wrongly typed ones make
the message invalid. Offsets and sizes are bytes, times are seconds since 1970, columns and rows are cells.

Three families: what is published (`FrameHeader`, the events, `Stat`), what is asked (`Command`), and what comes
back (`Result`).
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from bus.version import BUS_VERSION

Count = Annotated[int, Meta(ge=0)]
Cells = Annotated[int, Meta(ge=1, le=10_000)]
SessionId = Annotated[str, Meta(pattern=r"^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$")]
Epoch = Annotated[str, Meta(min_length=1, max_length=32)]
MarkState = Literal["prompt", "running", "finished"]
DetachReason = Literal["", "stopped", "ended"]
Title = Annotated[str, Meta(max_length=256)]


class Message(Struct, frozen=True, kw_only=True):
    """What all records share: immutable, built by keyword."""


# --- published -----------------------------------------------------------------------------------------------------


class FrameHeader(Message, frozen=True, kw_only=True):
    """Beside a run of a session's bytes: the first of them is byte `offset` of `epoch`."""

    v: int = BUS_VERSION
    epoch: Epoch
    offset: Count
    time: float


class Iterm2Status(Message, frozen=True, kw_only=True):
    """Whether the broker has iTerm2, and what the user can do if it has not."""

    state: Literal[
        "not_installed", "not_running", "api_disabled", "waiting_for_authorisation", "refused", "connected", "lost"
    ]
    reason: str = ""
    version: str | None = None


class Session(Message, frozen=True, kw_only=True, tag_field="kind", tag="session"):
    """One session as the broker knows it.

    `worker`: a worker runs for it, so its endpoints are worth connecting to. `tmux`: its part in iTerm2's tmux
    integration; to a client pane, whole characters only can be written through a coprocess, and `SendText` is safer.
    """

    session_id: SessionId
    title: str
    columns: Cells
    rows: Cells
    attached: bool = False
    worker: bool = False
    reason: str | None = None
    path: str | None = None
    job: str | None = None
    tty: str | None = None
    tmux: Literal["gateway", "client"] | None = None


class Split(Message, frozen=True, kw_only=True, tag_field="kind", tag="split"):
    """A node of a tab's split tree. `vertical`: the dividers are, so the panes stand side by side."""

    vertical: bool
    children: tuple["Split | Session", ...]


class Tab(Message, frozen=True, kw_only=True):
    tab_id: str
    root: Split
    active_session_id: SessionId | None = None


class Window(Message, frozen=True, kw_only=True):
    window_id: str
    number: Count
    tabs: tuple[Tab, ...]
    selected_tab_id: str | None = None


class Layout(Message, frozen=True, kw_only=True):
    """All that the broker knows of iTerm2. `revision` grows with each change within one run of the broker."""

    v: int = BUS_VERSION
    broker: str
    revision: Count
    iterm2: Iterm2Status
    windows: tuple[Window, ...] = ()
    buried: tuple[Session, ...] = ()
    active_window_id: str | None = None
    application_active: bool = False


class Iterm2Changed(Message, frozen=True, kw_only=True):
    """The connection to iTerm2 came, went, or waits for the user."""

    v: int = BUS_VERSION
    iterm2: Iterm2Status


class Moved(Message, frozen=True, kw_only=True):
    """A session's stream has gone on to byte `head` of `epoch`. Only on links: on the bus a frame says it."""

    v: int = BUS_VERSION
    session_id: SessionId
    epoch: Epoch
    head: Count


class Attachment(Message, frozen=True, kw_only=True):
    """A worker got a coprocess's pipe, whose next byte is byte `offset` of `epoch`, or lost it (`reason`).

    The epoch is a new one for a coprocess that was launched anew, and goes on when only the worker is new.
    """

    v: int = BUS_VERSION
    session_id: SessionId
    attached: bool
    epoch: Epoch
    offset: Count
    reason: DetachReason = ""


class SizeChanged(Message, frozen=True, kw_only=True):
    """From byte `offset` of `epoch` on, the session's screen has this size."""

    v: int = BUS_VERSION
    session_id: SessionId
    epoch: Epoch
    offset: Count
    columns: Cells
    rows: Cells


class PromptMark(Message, frozen=True, kw_only=True):
    """A shell with shell integration reached a prompt, ran a command or finished one, at byte `offset` of `epoch`.

    `prompt`: the prompt begins there. `running`: the output of `command` begins there. `finished`: it ended there, with
    exit status `status`.
    """

    v: int = BUS_VERSION
    session_id: SessionId
    epoch: Epoch
    offset: Count
    state: MarkState
    command: str | None = None
    status: int | None = None
    path: str | None = None


class Closed(Message, frozen=True, kw_only=True):
    """A session is gone."""

    v: int = BUS_VERSION
    session_id: SessionId


class Config(Message, frozen=True, kw_only=True):
    """What a viewer needs of a session's profile. Colours are `#rrggbb`; `scrollback` is lines."""

    font: str
    cursor_type: Literal["CURSOR_TYPE_BLOCK", "CURSOR_TYPE_UNDERLINE", "CURSOR_TYPE_VERTICAL"]
    cursor_blink: bool
    scrollback: Count
    foreground: str
    background: str
    cursor: str
    selection_color: str
    ansi_colors: tuple[str, ...]


class SessionConfig(Message, frozen=True, kw_only=True):
    """A session's profile changed, or the theme that picks among its colours."""

    v: int = BUS_VERSION
    session_id: SessionId
    config: Config


class SessionSnapshot(Message, frozen=True, kw_only=True):
    """The screen of a session whose bytes nobody gets, as it is now; beside it, a repaint in ANSI.

    `epoch` and `offset` are those of a stream that has come to its end, None and 0 where there is none.
    """

    v: int = BUS_VERSION
    session_id: SessionId
    epoch: Epoch | None
    offset: Count
    columns: Cells
    rows: Cells
    cursor_column: Count
    cursor_row: Count


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


#: The name in the topic -> the event's type.
EVENTS: dict[str, type[Message]] = {
    "layout": Layout,
    "moved": Moved,
    "iterm2": Iterm2Changed,
    "attached": Attachment,
    "size": SizeChanged,
    "prompt": PromptMark,
    "closed": Closed,
    "config": SessionConfig,
    "snapshot": SessionSnapshot,
}


# --- asked ---------------------------------------------------------------------------------------------------------


class Command(Message, frozen=True, kw_only=True, tag_field="type"):
    """What a request asks for. A command with bytes carries them in the request's payload, never in the header."""


class Input(Command, frozen=True, kw_only=True, tag="input"):
    """To a worker: write the payload to the session, as if typed. Answer: `Written`."""


class Replay(Command, frozen=True, kw_only=True, tag="replay"):
    """To a worker: the bytes from `offset` of `epoch`, `limit` at most. Answer: `Replayed` with them as payload."""

    epoch: Epoch
    offset: Count
    limit: Count


class NoteSize(Command, frozen=True, kw_only=True, tag="note_size"):
    """To a worker: the session's screen now has this size. It publishes `event.size` between the right two frames.

    A size that it was told last is none. Answer: `Position`, with the offset that the size got as `sized_at`.
    """

    columns: Cells
    rows: Cells


class FindMark(Command, frozen=True, kw_only=True, tag="find_mark"):
    """To a worker: where the newest mark of this kind is in its stream. Answer: `Mark`."""

    state: MarkState


class GetPosition(Command, frozen=True, kw_only=True, tag="get_position"):
    """To a worker: where its stream stands. Answer: `Position`."""


class GetLayout(Command, frozen=True, kw_only=True, tag="get_layout"):
    """To the broker. Answer: `Layout`."""


class GetConfig(Command, frozen=True, kw_only=True, tag="get_config"):
    """To the broker: a session's profile. Answer: `Config`."""

    session_id: SessionId


class TakeSnapshot(Command, frozen=True, kw_only=True, tag="take_snapshot"):
    """To the broker: the screen as it is, with `scrollback` lines above it. Answer: `Snapshot`, ANSI as payload."""

    session_id: SessionId
    scrollback: Count = 0


class SendText(Command, frozen=True, kw_only=True, tag="send_text"):
    """To the broker: type the payload, UTF-8 text, through iTerm2's API, for a session without a coprocess."""

    session_id: SessionId


class Activate(Command, frozen=True, kw_only=True, tag="activate"):
    """To the broker: select exactly one of these. Answer: `Done`."""

    session_id: SessionId | None = None
    tab_id: str | None = None
    window_id: str | None = None


class CreateTab(Command, frozen=True, kw_only=True, tag="create_tab"):
    """To the broker: a tab in `window_id`, else in the current window, else in a new one. Answer: `Created`.

    `index`: its place in the window, from 0; None for the last. `command` runs in place of the profile's. `select`:
    show it; without, it opens in the background (iTerm2 3.7; earlier ones always show it).
    """

    window_id: str | None = None
    profile: str | None = None
    command: str | None = None
    index: Count | None = None
    select: bool = True


class CreateWindow(Command, frozen=True, kw_only=True, tag="create_window"):
    """To the broker: a window with one session. Answer: `Created`."""

    profile: str | None = None
    command: str | None = None


class SplitPane(Command, frozen=True, kw_only=True, tag="split"):
    """To the broker: divide a session's pane. Answer: `Created` with the new session.

    `vertical`: the divider is. `before`: the new pane is the left or upper one.
    """

    session_id: SessionId
    vertical: bool = False
    before: bool = False
    profile: str | None = None
    command: str | None = None


class SetTitle(Command, frozen=True, kw_only=True, tag="set_title"):
    """To the broker: name exactly one of these; an empty title gives a tab or window its own again. Answer: `Done`."""

    title: Title
    session_id: SessionId | None = None
    tab_id: str | None = None
    window_id: str | None = None


class Close(Command, frozen=True, kw_only=True, tag="close"):
    """To the broker: close exactly one of these; `force`: without a question to the user. Answer: `Done`."""

    session_id: SessionId | None = None
    tab_id: str | None = None
    window_id: str | None = None
    force: bool = False


class Resize(Command, frozen=True, kw_only=True, tag="resize"):
    """To the broker: set a session's grid. iTerm2 resizes its window for it. Answer: `Size` as it really became."""

    session_id: SessionId
    columns: Cells
    rows: Cells


class Attach(Command, frozen=True, kw_only=True, tag="attach"):
    """To the broker: attach again, though the user stopped the coprocess or attempts were used up. Answer: `Done`."""

    session_id: SessionId


class DetachAll(Command, frozen=True, kw_only=True, tag="detach_all"):
    """To the broker: stop our coprocesses and attach none again: itermbus is about to end. Answer: `Done`."""


#: What a worker answers, and what the broker answers.
WorkerCommand = Input | Replay | GetPosition | NoteSize | FindMark
BrokerCommand = (
    GetLayout
    | GetConfig
    | TakeSnapshot
    | SendText
    | Activate
    | CreateTab
    | CreateWindow
    | SplitPane
    | SetTitle
    | Close
    | Resize
    | Attach
    | DetachAll
)
AnyCommand = WorkerCommand | BrokerCommand


class Request(Message, frozen=True, kw_only=True):
    """A request's header. After `deadline` its sender no longer waits, so it must not be carried out."""

    v: int = BUS_VERSION
    id: Count
    deadline: float
    command: AnyCommand


# --- answered ------------------------------------------------------------------------------------------------------


class Result(Message, frozen=True, kw_only=True, tag_field="type"):
    """What comes back when a command was carried out."""


class Done(Result, frozen=True, kw_only=True, tag="done"):
    """It was carried out, and there is nothing more to say."""


class Written(Result, frozen=True, kw_only=True, tag="written"):
    """`written` bytes are in the session's pipe."""

    written: Count


class Modes(Message, frozen=True, kw_only=True):
    """What programs have set of a terminal's modes, as far as the bytes of this epoch tell; None: nothing was said.

    `mouse` is the number of the DEC private mode in force (1000, 1002, 1003), `mouse_encoding` that of its encoding
    (1005, 1006, 1015, 1016); 0 stands for none. `cursor_shape` is DECSCUSR's number.
    """

    alternate_screen: bool | None = None
    cursor_keys: bool | None = None
    keypad: bool | None = None
    bracketed_paste: bool | None = None
    focus_reporting: bool | None = None
    cursor_visible: bool | None = None
    autowrap: bool | None = None
    mouse: int | None = None
    mouse_encoding: int | None = None
    cursor_shape: Annotated[int, Meta(ge=0, le=6)] | None = None


class Position(Result, frozen=True, kw_only=True, tag="position"):
    """A worker's stream: bytes from `tail` up to `head` of `epoch` can be replayed. `modes` are those at `head`.

    `sized_at`: where the newest size change of this epoch took effect, 0 without one; a replay from before it would be
    drawn on a screen of the wrong size. `stopped`: the user stopped the coprocess while no worker was there to say so.
    """

    epoch: Epoch
    tail: Count
    head: Count
    attached: bool
    stopped: bool = False
    sized_at: Count = 0
    modes: Modes = Modes()


class Mark(Result, frozen=True, kw_only=True, tag="mark"):
    """Where the newest mark of the kind asked for is; `offset` is None when this epoch has none."""

    epoch: Epoch
    offset: Count | None
    status: int | None = None


class Replayed(Result, frozen=True, kw_only=True, tag="replayed"):
    """The payload begins at `offset`: later than asked when the ring has moved on; another epoch if a new one began."""

    epoch: Epoch
    offset: Count
    head: Count


class Snapshot(Result, frozen=True, kw_only=True, tag="snapshot"):
    """A repaint of a session's screen as of byte `offset` of `epoch`; the payload is ANSI.

    `epoch` is None for a session without a stream. `approximate`: bytes kept moving while the screen was read.
    """

    session_id: SessionId
    epoch: Epoch | None
    offset: Count
    columns: Cells
    rows: Cells
    cursor_column: Count
    cursor_row: Count
    modes: Modes = Modes()
    approximate: bool = False


class Created(Result, frozen=True, kw_only=True, tag="created"):
    window_id: str
    tab_id: str
    session_id: SessionId


class Size(Result, frozen=True, kw_only=True, tag="size"):
    columns: Cells
    rows: Cells


class LayoutResult(Result, frozen=True, kw_only=True, tag="layout"):
    layout: Layout


class ConfigResult(Result, frozen=True, kw_only=True, tag="config"):
    config: Config


AnyResult = Done | Written | Position | Mark | Replayed | Snapshot | Created | Size | LayoutResult | ConfigResult


class Refusal(Message, frozen=True, kw_only=True):
    """Why a command was not carried out, by a code of `bus.errors`."""

    code: str
    message: str


class Reply(Message, frozen=True, kw_only=True):
    """A reply's header: exactly one of `result` and `refusal`."""

    v: int = BUS_VERSION
    id: Count
    result: AnyResult | None = None
    refusal: Refusal | None = None
