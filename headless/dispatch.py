"""From a request's type to the function that answers it; who may be answered while a transaction runs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from google.protobuf.message import Message
from iterm2 import api_pb2

from headless.api_connection import ApiConnection
from headless.errors import RequestRefused, ScreensUnavailable
from headless.handlers import (
    activation,
    appearance,
    arrangements,
    broadcast,
    buffer,
    closing,
    creation,
    functions,
    listing,
    menus,
    notifications,
    preferences,
    profiles,
    prompts,
    properties,
    refused,
    selection,
    tabs,
    text,
    variables,
)
from headless.handlers.call import Call, NoSubmessageError
from headless.host import Host

_log = logging.getLogger(__name__)
#: What iTerm2 says to a message without a submessage it knows (sources/API/iTermAPIServer.m:1042).
INVALID_REQUEST = "Invalid request. Upgrade iTerm2 to a newer version."


#: The name of a submessage of ClientOriginatedMessage to its handler: `handler(call, request, response)`.
HANDLERS: dict[str, Callable[[Call, Any, Any], Awaitable[None] | None]] = {
    "get_buffer_request": buffer.get_buffer,
    "get_prompt_request": prompts.get_prompt,
    "notification_request": notifications.notification,
    "register_tool_request": refused.register_tool,
    "set_profile_property_request": profiles.set_property,
    "list_sessions_request": listing.list_sessions,
    "send_text_request": text.send_text,
    "create_tab_request": creation.create_tab,
    "split_pane_request": creation.split_pane,
    "get_profile_property_request": profiles.get_property,
    "set_property_request": properties.set_property,
    "get_property_request": properties.get_property,
    "inject_request": text.inject,
    "activate_request": activation.activate,
    "variable_request": variables.variable,
    "saved_arrangement_request": arrangements.saved_arrangement,
    "focus_request": listing.focus,
    "list_profiles_request": profiles.list_profiles,
    "server_originated_rpc_result_request": functions.rpc_result,
    "restart_session_request": closing.restart_session,
    "menu_item_request": menus.menu_item,
    "set_tab_layout_request": tabs.set_tab_layout,
    "get_broadcast_domains_request": broadcast.get_domains,
    "tmux_request": refused.tmux,
    "reorder_tabs_request": tabs.reorder_tabs,
    "preferences_request": preferences.preferences,
    "color_preset_request": appearance.color_preset,
    "selection_request": selection.selection,
    "status_bar_component_request": refused.status_bar_component,
    "set_broadcast_domains_request": broadcast.set_domains,
    "close_request": closing.close,
    "invoke_function_request": functions.invoke,
    "list_prompts_request": prompts.list_prompts,
    "screenshot_request": refused.screenshot,
}

#: Requests that finish on the main queue, which a transaction blocks: in iTerm2 they never come back from inside one.
_DEADLOCKING = frozenset(("invoke_function_request", "split_pane_request", "create_tab_request", "tmux_request"))
#: Requests that may wait for another answer of the same client, so they do not hold up what follows.
_CONCURRENT = frozenset(("invoke_function_request",))
#: Calls of one client that may be open at once.
_MAX_OPEN_CALLS = 1000


class Dispatcher:
    """Answers requests; those of one client in their order, except function calls."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._holder: ApiConnection | None = None
        self._free = asyncio.Event()
        self._free.set()
        self._open_calls: dict[ApiConnection, int] = {}

    async def handle(
        self, client: ApiConnection, message: api_pb2.ClientOriginatedMessage, calls: asyncio.TaskGroup
    ) -> None:
        """Answers one message, after a transaction of another client has ended; `calls` runs what may take long."""
        while self._holder not in (None, client):
            await self._free.wait()
        kind = message.WhichOneof("submessage")
        if kind in _CONCURRENT:
            if self._open_calls.get(client, 0) >= _MAX_OPEN_CALLS:
                _send_error(client, message.id, "Too many function calls are open")
                return
            self._open_calls[client] = self._open_calls.get(client, 0) + 1
            calls.create_task(self._answer_call(client, message, kind), name=f"call {message.id}")
        else:
            await self._answer(client, message, kind)

    async def _answer_call(self, client: ApiConnection, message: api_pb2.ClientOriginatedMessage, kind: str) -> None:
        try:
            await self._answer(client, message, kind)
        finally:
            self._open_calls[client] -= 1
            if not self._open_calls[client]:
                del self._open_calls[client]

    def forget(self, client: ApiConnection) -> None:
        """A client is gone: its transaction ends, its subscriptions and functions go."""
        if self._holder is client:
            self._end_transaction()
        self._host.hub.forget(client)
        self._host.registry.forget(client)

    async def _answer(self, client: ApiConnection, message: api_pb2.ClientOriginatedMessage, kind: str | None) -> None:
        answer = api_pb2.ServerOriginatedMessage(id=message.id)
        try:
            await self._fill(client, message, kind, answer)
        except NoSubmessageError:
            answer = api_pb2.ServerOriginatedMessage(id=message.id)
        except (RequestRefused, ScreensUnavailable) as error:
            _send_error(client, message.id, str(error))
            return
        except Exception:  # a defect of ours must not end the connection: the client is told
            _log.exception("%s failed", kind)
            _send_error(client, message.id, "Internal error in the headless host; see its log")
            return
        client.send(answer)

    async def _fill(
        self,
        client: ApiConnection,
        message: api_pb2.ClientOriginatedMessage,
        kind: str | None,
        answer: api_pb2.ServerOriginatedMessage,
    ) -> None:
        if kind == "transaction_request":
            self._transaction(client, message.transaction_request, answer.transaction_response)
            return
        handler = HANDLERS.get(kind or "")
        if handler is None or kind is None:
            raise RequestRefused(INVALID_REQUEST)
        if self._holder is client and kind in _DEADLOCKING:
            raise RequestRefused(f"{kind} inside a transaction would block iTerm2 for good")
        response: Message = getattr(answer, kind.removesuffix("_request") + "_response")
        response.SetInParent()
        outcome = handler(Call(self._host, client), getattr(message, kind), response)
        if outcome is not None:
            await outcome

    def _transaction(
        self,
        client: ApiConnection,
        request: api_pb2.TransactionRequest,
        response: api_pb2.TransactionResponse,
    ) -> None:
        """Begin makes all other clients wait until end or disconnect (sources/API/iTermAPIServer.m:626-715)."""
        if request.begin:
            response.status = (
                api_pb2.TransactionResponse.ALREADY_IN_TRANSACTION
                if self._holder is client
                else api_pb2.TransactionResponse.OK
            )
            self._holder = client
            self._free.clear()
        elif self._holder is client:
            self._end_transaction()
            response.status = api_pb2.TransactionResponse.OK
        else:
            response.status = api_pb2.TransactionResponse.NO_TRANSACTION

    def _end_transaction(self) -> None:
        self._holder = None
        self._free.set()


def _send_error(client: ApiConnection, request_id: int, text: str) -> None:
    client.send(api_pb2.ServerOriginatedMessage(id=request_id, error=text))
