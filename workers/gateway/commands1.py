"""What each request of dialect 1 does: a table from its type to a small function."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bus.errors import Busy, NoSuchSession, RequestError
from bus.messages.commands import Activate, BrokerCommand, Close, CreateTab, Resize
from bus.messages.results import Created, Done, Size
from workers.gateway import dialect1

if TYPE_CHECKING:
    from workers.gateway.conversation import Conversation

#: One request's whole way: opening a tab may wait for a prompt of iTerm2's.
_COMMAND_SECONDS = 15.0


def terminal_input(client: "Conversation", request: dialect1.TerminalInput) -> None:
    session_id = client.check_session("terminal_input", request.session_id)
    size = len(request.data)

    def done(error: RequestError | None, _written: int) -> None:
        client.typing_bytes -= size
        if error is not None:
            client.refuse(_prefixed("terminal_input", error))

    client.typing_bytes += size
    try:
        client.services.typist.type(client.identity, session_id, request.data, done)
    except Busy:
        client.typing_bytes -= size
        raise


def terminal_resize(client: "Conversation", request: dialect1.TerminalResize) -> None:
    session_id = client.check_session("terminal_resize", request.session_id)
    if client.settings.resize == "follow":
        command = Resize(session_id=session_id, columns=request.cols, rows=request.rows)
        _ask(client, "terminal_resize", command, Size)


def tab_switch(client: "Conversation", request: dialect1.TabSwitch) -> None:
    tab_id = client.check_tab("tab_switch", request.tab_id)
    command = Activate(tab_id=tab_id) if tab_id == request.tab_id else Activate(session_id=request.tab_id)
    before = client.switches

    def done(_result: Done, _payload: bytes) -> None:
        client.tell_switched_since(before, tab_id)

    _ask(client, "tab_switch", command, Done, done)


def tab_create(client: "Conversation", _request: dialect1.TabCreate) -> None:
    client.index()
    _ask(client, "tab_create", CreateTab(), Created)


def tab_close(client: "Conversation", request: dialect1.TabClose) -> None:
    tab_id = client.check_tab("tab_close", request.tab_id)
    _ask(client, "tab_close", Close(tab_id=tab_id, force=True), Done)


def request_screen_refresh(client: "Conversation", request: dialect1.RequestScreenRefresh) -> None:
    session_id = request.session_id or client.index().active_session_id
    if session_id is None:
        raise NoSuchSession("request_screen_refresh: there is no active session")
    client.refresh(client.check_session("request_screen_refresh", session_id))


def resend_initial_state(client: "Conversation", _request: dialect1.ResendInitialState) -> None:
    client.start()


def _ask(
    client: "Conversation",
    name: str,
    command: BrokerCommand,
    expected: type[Any],
    on_result: Callable[[Any, bytes], None] = lambda _result, _payload: None,
) -> None:
    """Has the broker carry out a command; a refusal becomes the client's `error`."""
    client.services.upstream.broker.ask(
        command,
        expected,
        on_result,
        lambda error: client.refuse(_prefixed(name, error)),
        seconds=_COMMAND_SECONDS,
    )


def _prefixed(name: str, error: RequestError) -> RequestError:
    """The same refusal, saying which message it answers."""
    return type(error)(f"{name}: {error}")


TABLE: dict[type[dialect1.Request], Callable[["Conversation", Any], None]] = {
    dialect1.TerminalInput: terminal_input,
    dialect1.TerminalResize: terminal_resize,
    dialect1.TabSwitch: tab_switch,
    dialect1.TabCreate: tab_create,
    dialect1.TabClose: tab_close,
    dialect1.RequestScreenRefresh: request_screen_refresh,
    dialect1.ResendInitialState: resend_initial_state,
}
