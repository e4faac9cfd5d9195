"""What each request of dialect 2 does: a table from its type to a small function."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from bus.errors import Invalid, NoSuchTab, NoSuchWindow, RequestError
from bus.limits import SNAPSHOTS_PER_CLIENT
from bus.messages.commands import (
    Activate,
    BrokerCommand,
    Close,
    CreateTab,
    CreateWindow,
    GetConfig,
    SplitPane,
    TakeSnapshot,
)
from bus.messages.results import ConfigResult, Created, Done
from bus.messages.results import Snapshot as SnapshotResult
from bus.position import Position
from workers.gateway import dialect2, dialect2_lines, wire
from workers.gateway.dialect2 import Request
from workers.gateway.leases import Grid

if TYPE_CHECKING:
    from workers.gateway.conversation2 import Answer, Conversation2

#: One request's whole way: opening a tab may wait for a prompt of iTerm2's.
_COMMAND_SECONDS = 15.0


def hello(_client: "Conversation2", _request: dialect2.Hello, _answer: "Answer") -> None:
    raise Invalid("hello: it was said before on this connection")


def ping(_client: "Conversation2", _request: dialect2.Ping, answer: "Answer") -> None:
    answer.result()


def subscribe(client: "Conversation2", request: dialect2.Subscribe, answer: "Answer") -> None:
    if request.sessions != "all":
        for session_id in request.sessions:
            client.check_session(session_id)
    known = client.index().sessions
    resume = {name: Position(at.epoch, at.offset) for name, at in request.resume.items() if name in known}
    # The answer goes first, so that a client knows what the bytes that follow are for.
    answer.result()
    client.subscriptions.add(request.sessions, resume)


def unsubscribe(client: "Conversation2", request: dialect2.Unsubscribe, answer: "Answer") -> None:
    client.subscriptions.remove(request.sessions)
    answer.result()


def credit(client: "Conversation2", request: dialect2.Credit, answer: "Answer") -> None:
    # Without a look at the layout: bytes go on while iTerm2 or the broker is away, and credit that is lost stops them.
    subscription = client.subscriptions.get(request.session_id)
    if subscription is None:
        client.check_session(request.session_id)
        raise Invalid("credit: this session is not subscribed to")
    subscription.add_credit(request.bytes)
    answer.nothing()


def type_input(client: "Conversation2", request: dialect2.InputRequest, answer: "Answer") -> None:
    session_id = client.check_session(request.session_id)
    typist = client.services.typist
    typist.check_room(session_id)

    def done(error: RequestError | None, written: int) -> None:
        if error is None:
            answer.result(written=written)
        else:
            answer.refuse(_PartlyWritten(error, written))

    typist.type(client.identity, session_id, request.data, done)
    client.hurry()


class _PartlyWritten(RequestError):
    """A refused input, and how many of its bytes were written for certain."""

    def __init__(self, error: RequestError, written: int) -> None:
        super().__init__(str(error))
        self.code = error.code  # type: ignore[misc]  # of one refusal, not of a class of them
        self.written = written


def resize(client: "Conversation2", request: dialect2.ResizeRequest, answer: "Answer") -> None:
    client.services.leases.take(
        client.check_session(request.session_id),
        client.identity,
        Grid(request.columns, request.rows),
        request.lease,
        lambda size: answer.result(columns=size.columns, rows=size.rows),
        answer.refuse,
    )


def claim(client: "Conversation2", request: dialect2.Claim, answer: "Answer") -> None:
    client.services.claims.claim(client.check_session(request.session_id), client.identity)
    answer.result()


def release(client: "Conversation2", request: dialect2.Release, answer: "Answer") -> None:
    client.services.claims.release(client.check_session(request.session_id), client.identity)
    answer.result()


def activate(client: "Conversation2", request: dialect2.ActivateRequest, answer: "Answer") -> None:
    _ask(client, Activate(**_target(client, request)), Done, answer, lambda _done: answer.result())


def close(client: "Conversation2", request: dialect2.CloseRequest, answer: "Answer") -> None:
    command = Close(**_target(client, request), force=request.force)
    _ask(client, command, Done, answer, lambda _done: answer.result())


def create_window(client: "Conversation2", request: dialect2.CreateWindowRequest, answer: "Answer") -> None:
    client.index()
    _create(client, CreateWindow(profile=request.profile, command=request.command), answer)


def create_tab(client: "Conversation2", request: dialect2.CreateTabRequest, answer: "Answer") -> None:
    index = client.index()
    if request.window_id is not None and not index.has_window(request.window_id):
        raise NoSuchWindow(f"create_tab: there is no window {wire.quoted(request.window_id)}")
    command = CreateTab(window_id=request.window_id, profile=request.profile, command=request.command)
    _create(client, command, answer)


def split(client: "Conversation2", request: dialect2.SplitRequest, answer: "Answer") -> None:
    command = SplitPane(
        session_id=client.check_session(request.session_id),
        vertical=request.vertical,
        before=request.before,
        profile=request.profile,
    )
    _create(client, command, answer)


def snapshot(client: "Conversation2", request: dialect2.SnapshotRequest, answer: "Answer") -> None:
    """In its place among the bytes of a session that the client gets; else by itself."""
    session_id = client.check_session(request.session_id)
    client.begin_snapshot(SNAPSHOTS_PER_CLIENT)

    def done(error: RequestError | None) -> None:
        client.end_snapshot()
        if error is None:
            answer.nothing()
        else:
            answer.refuse(error)

    subscription = client.subscriptions.get(session_id)
    if subscription is not None:
        subscription.ask_snapshot(request.scrollback, request.id, done)
        return

    def taken(result: SnapshotResult, repaint: bytes) -> None:
        client.send(dialect2_lines.snapshot_lines(result, repaint, request.id))
        done(None)

    command = TakeSnapshot(session_id=session_id, scrollback=request.scrollback)
    client.services.upstream.broker.ask(command, SnapshotResult, taken, done)


def profile(client: "Conversation2", request: dialect2.ProfileRequest, answer: "Answer") -> None:
    def found(result: ConfigResult) -> None:
        answer.result(config=dialect2_lines.config_values(result.config))

    _ask(client, GetConfig(session_id=client.check_session(request.session_id)), ConfigResult, answer, found)


def _target(client: "Conversation2", request: dialect2.Target) -> dict[str, str]:
    """The one id that a request names, as a command's key. Raises what says that it is not there."""
    index = client.index()
    if request.session_id is not UNSET:
        return {"session_id": client.check_session(request.session_id)}
    if request.tab_id is not UNSET:
        if not index.has_tab(request.tab_id):
            raise NoSuchTab(f"there is no tab {wire.quoted(request.tab_id)}")
        return {"tab_id": request.tab_id}
    assert request.window_id is not UNSET
    if not index.has_window(request.window_id):
        raise NoSuchWindow(f"there is no window {wire.quoted(request.window_id)}")
    return {"window_id": request.window_id}


def _create(client: "Conversation2", command: BrokerCommand, answer: "Answer") -> None:
    def created(result: Created) -> None:
        ids = {"window_id": result.window_id, "tab_id": result.tab_id, "session_id": result.session_id}
        # The answer waits for the layout: what it names can be used at once.
        client.services.table.when_listed(result.session_id, lambda: answer.result(**ids))

    _ask(client, command, Created, answer, created)


def _ask(
    client: "Conversation2",
    command: BrokerCommand,
    expected: type[Any],
    answer: "Answer",
    on_result: Callable[[Any], None],
) -> None:
    """Has the broker carry out a command; a refusal becomes the answer."""
    client.services.upstream.broker.ask(
        command, expected, lambda result, _payload: on_result(result), answer.refuse, seconds=_COMMAND_SECONDS
    )


TABLE: dict[type[Request], Callable[["Conversation2", Any, "Answer"], None]] = {
    dialect2.Hello: hello,
    dialect2.Ping: ping,
    dialect2.Subscribe: subscribe,
    dialect2.Unsubscribe: unsubscribe,
    dialect2.Credit: credit,
    dialect2.InputRequest: type_input,
    dialect2.ResizeRequest: resize,
    dialect2.Claim: claim,
    dialect2.Release: release,
    dialect2.ActivateRequest: activate,
    dialect2.CloseRequest: close,
    dialect2.CreateWindowRequest: create_window,
    dialect2.CreateTabRequest: create_tab,
    dialect2.SplitRequest: split,
    dialect2.SnapshotRequest: snapshot,
    dialect2.ProfileRequest: profile,
}

#: What a read-only client may not do.
CHANGING = (
    dialect2.InputRequest,
    dialect2.ResizeRequest,
    dialect2.Claim,
    dialect2.Release,
    dialect2.ActivateRequest,
    dialect2.CloseRequest,
    dialect2.CreateWindowRequest,
    dialect2.CreateTabRequest,
    dialect2.SplitRequest,
)
