"""InvokeFunction and the results of scripts' own functions (iTerm2 sources/API/iTermAPIHelper.m:4180-4317)."""

from iterm2 import api_pb2

from headless import builtins
from headless.builtins import Receiver
from headless.errors import InvocationError
from headless.handlers.call import Call
from headless.invocation import Invocation, evaluate, parse
from headless.variables import to_json

_Status = api_pb2.InvokeFunctionResponse
#: What a negative timeout means at the server.
DEFAULT_SECONDS = 30.0
MAX_SECONDS = 3600.0


async def invoke(call: Call, request: api_pb2.InvokeFunctionRequest, response: api_pb2.InvokeFunctionResponse) -> None:
    """Calls a built-in function or method, or one that a script registered."""
    try:
        receiver = _receiver(call, request)
        invocation = parse(request.invocation)
        seconds = min(MAX_SECONDS, request.timeout) if request.timeout >= 0 else DEFAULT_SECONDS
        response.success.json_result = await _run(call, receiver, invocation, seconds)
    except InvocationError as error:
        response.error.status = error.status
        if error.reason:
            response.error.error_reason = error.reason


async def _run(call: Call, receiver: Receiver, invocation: Invocation, seconds: float) -> str:
    scope = receiver.variables(call.host)
    arguments = {name: evaluate(expression, scope) for name, expression in invocation.arguments.items()}
    names = frozenset(arguments)
    builtin = builtins.find(receiver, invocation.name, names)
    if builtin is not None:
        return to_json(await builtin(call.host, receiver, arguments))
    if not receiver.is_method:
        function = call.host.registry.find(invocation.name, names)
        if function is not None:
            encoded = {name: to_json(value) for name, value in arguments.items()}
            return await call.host.registry.call(function, encoded, scope, seconds)
    signature = f"{invocation.name}({','.join(sorted(names))})"
    what = (
        f"No method found on {receiver.describe()} with signature"
        if receiver.is_method
        else "No function registered for invocation"
    )
    raise InvocationError(_Status.FAILED, f"{what} {signature}")


def _receiver(call: Call, request: api_pb2.InvokeFunctionRequest) -> Receiver:
    """The object the call is about; unknown contexts are INVALID_ID, an unknown method receiver is FAILED."""
    app = call.host.app
    kind = request.WhichOneof("context")
    if kind == "method":
        identifier = request.method.receiver
        if not identifier:
            raise InvocationError(_Status.REQUEST_MALFORMED, "No receiver")
        target = app.any_session(identifier) or app.tab(identifier) or app.window(identifier)
        if target is None:
            raise InvocationError(_Status.FAILED, f"Object with identifier “{identifier}” not found")
        return Receiver(target, is_method=True)
    if kind == "app":
        return Receiver(None, is_method=False)
    if kind == "session":
        found: builtins.Target | None = app.session(request.session.session_id)
    elif kind == "tab":
        found = app.tab(request.tab.tab_id)
    elif kind == "window":
        found = app.window(request.window.window_id)
    else:
        raise InvocationError(_Status.REQUEST_MALFORMED, "Invalid context")
    if found is None:
        raise InvocationError(_Status.INVALID_ID, "")
    return Receiver(found, is_method=False)


def rpc_result(
    call: Call,
    request: api_pb2.ServerOriginatedRPCResultRequest,
    _response: api_pb2.ServerOriginatedRPCResultResponse,
) -> None:
    """A script answers a call of its function."""
    call.host.registry.finish(call.client, request)
