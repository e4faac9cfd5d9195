"""What is asked: of a PTY worker, and of the broker."""

from bus.messages.fields import Cells, Count, Epoch, MarkState, Message, SessionId, Title
from bus.version import BUS_VERSION


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
