"""VariableRequest (iTerm2 sources/API/iTermAPIHelper.m:3032-3193)."""

import json

from iterm2 import api_pb2

from headless import jobs
from headless.handlers.call import Call
from headless.variables import Variables, is_user_name, to_json

_Status = api_pb2.VariableResponse


def variable(call: Call, request: api_pb2.VariableRequest, response: api_pb2.VariableResponse) -> None:
    """Sets `user.` variables, then gets; nothing is set if one name or value is bad."""
    scopes = _scopes(call, request, response)
    if scopes is None:
        return
    assignments: list[tuple[str, object]] = []
    for item in request.set:
        try:
            value = json.loads(item.value)
        except (ValueError, RecursionError):
            response.status = _Status.INVALID_NAME
            return
        if not is_user_name(item.name):
            response.status = _Status.INVALID_NAME
            return
        assignments.append((item.name, value))
    response.status = _Status.OK
    for scope in scopes:
        scope.update(dict(assignments))
    for name in request.get:
        response.values.append(json.dumps(scopes[0].everything()) if name == "*" else to_json(scopes[0].get(name)))


def _scopes(call: Call, request: api_pb2.VariableRequest, response: api_pb2.VariableResponse) -> list[Variables] | None:
    """Whose variables are meant; None after an error status was set. `all` goes with set only."""
    app = call.host.app
    kind = request.WhichOneof("scope")
    identifier = str(getattr(request, kind)) if kind else ""
    if kind is None:
        response.status = _Status.MISSING_SCOPE
        return None
    if kind == "app":
        return [app.variables]
    if identifier == "all" and kind != "window_id":
        if request.get:
            response.status = _Status.MULTI_GET_DISALLOWED
            return None
        everyone = app.windowed_sessions() if kind == "session_id" else app.tabs()
        return [item.variables for item in everyone]
    if kind == "session_id":
        session = app.session(identifier) or app.any_session(identifier)
        if session is not None and any(name == "*" or name in jobs.POLLED for name in request.get):
            jobs.refresh(call.host, session)
        return _found(session.variables if session else None, response, _Status.SESSION_NOT_FOUND)
    if kind == "tab_id":
        tab = app.tab(identifier)
        return _found(tab.variables if tab else None, response, _Status.TAB_NOT_FOUND)
    window = app.window(identifier)
    return _found(window.variables if window else None, response, _Status.WINDOW_NOT_FOUND)


def _found(
    variables: Variables | None,
    response: api_pb2.VariableResponse,
    otherwise: api_pb2.VariableResponse.Status.ValueType,
) -> list[Variables] | None:
    if variables is None:
        response.status = otherwise
        return None
    return [variables]
