"""Functions that scripts register and others call (iTerm2 sources/API/iTermAPIHelper.m, server-originated RPC)."""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from iterm2 import api_pb2

from headless.errors import InvocationError
from headless.notifications import Client
from headless.variables import Variables, to_json

_Status = api_pb2.InvokeFunctionResponse
#: Functions all scripts together may register.
MAX_FUNCTIONS = 2000

#: A function is found by its name and the names of its arguments.
Signature = tuple[str, frozenset[str]]


@dataclass(eq=False, slots=True)
class Function:
    """A registered function and the connection that runs it."""

    client: Client
    request: api_pb2.RPCRegistrationRequest

    @property
    def defaults(self) -> dict[str, str]:
        """Arguments filled in from variables by path."""
        return {default.name: default.path for default in self.request.defaults}


@dataclass(eq=False, slots=True)
class Registry:
    """All registered functions and the calls that wait for their result."""

    functions: dict[Signature, Function] = field(default_factory=dict)
    _calls: dict[str, "tuple[Client, asyncio.Future[str]]"] = field(default_factory=dict)

    def add(self, client: Client, request: api_pb2.RPCRegistrationRequest) -> bool:
        """Registers; False if this signature is taken or there are too many."""
        key = signature(request)
        if key in self.functions or len(self.functions) >= MAX_FUNCTIONS:
            return False
        self.functions[key] = Function(client, request)
        return True

    def remove(self, client: Client, request: api_pb2.RPCRegistrationRequest) -> bool:
        """Unregisters; False if this connection has no such function."""
        function = self.functions.get(signature(request))
        if function is None or function.client is not client:
            return False
        del self.functions[signature(request)]
        return True

    def forget(self, client: Client) -> None:
        """A connection ended: its functions go, calls that wait for it fail."""
        self.functions = {key: f for key, f in self.functions.items() if f.client is not client}
        for owner, future in list(self._calls.values()):
            if owner is client and not future.done():
                future.set_exception(InvocationError(_Status.FAILED, "The script that registered it has ended"))

    def find(self, name: str, arguments: frozenset[str]) -> Function | None:
        """The function for a call, whose arguments may leave out those with defaults."""
        for (known, names), function in self.functions.items():
            if known == name and arguments <= names and names - arguments <= set(function.defaults):
                return function
        return None

    async def call(
        self, function: Function, arguments: Mapping[str, str], variables: Variables | None, seconds: float
    ) -> str:
        """Calls a script's function with JSON arguments; its JSON result.

        Raises InvocationError when the script fails, ends, or takes too long.
        """
        request_id = str(uuid.uuid4()).upper()
        notification = api_pb2.Notification()
        target = notification.server_originated_rpc_notification
        target.request_id = request_id
        target.rpc.name = function.request.name
        given = dict(arguments)
        for name, path in function.defaults.items():
            given.setdefault(name, _value(variables, path))
        for name, value in given.items():
            target.rpc.arguments.add(name=name, json_value=value)
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._calls[request_id] = (function.client, future)
        function.client.notify(notification)
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            raise InvocationError(_Status.TIMEOUT, "") from None
        finally:
            self._calls.pop(request_id, None)

    def finish(self, client: Client, result: api_pb2.ServerOriginatedRPCResultRequest) -> None:
        """A script's answer; one that nobody waits for is ignored."""
        owner, future = self._calls.get(result.request_id, (None, None))
        if future is None or owner is not client or future.done():
            return
        if result.HasField("json_exception"):
            future.set_exception(InvocationError(_Status.FAILED, result.json_exception))
        else:
            future.set_result(result.json_value)


def signature(request: api_pb2.RPCRegistrationRequest) -> Signature:
    """What identifies a function."""
    return request.name, frozenset(argument.name for argument in request.arguments)


def _value(variables: Variables | None, path: str) -> str:
    return "null" if variables is None else to_json(variables.get(path.rstrip("?")))
