"""Close and RestartSession (iTerm2 sources/API/iTermAPIHelper.m:4112-4178, :3423)."""

from iterm2 import api_pb2

from headless import ending
from headless.handlers.call import Call
from headless.session import Session

_Close = api_pb2.CloseResponse
_Restart = api_pb2.RestartSessionResponse


def close(call: Call, request: api_pb2.CloseRequest, response: api_pb2.CloseResponse) -> None:
    """Closes windows, tabs or sessions, one status each. Also with force a close can be undone for a while.

    Without force iTerm2 may ask the user; nobody sits here, so it is as if the user had agreed.
    """
    app = call.host.app
    found: list[Session] = []
    kind = request.WhichOneof("target")
    if kind == "windows":
        for window_id in request.windows.window_ids:
            window = app.window(window_id)
            response.statuses.append(_Close.NOT_FOUND if window is None else _Close.OK)
            if window is not None:
                found += [session for tab in window.tabs for session in tab.sessions()]
    elif kind == "tabs":
        for tab_id in request.tabs.tab_ids:
            tab = app.tab(tab_id)
            response.statuses.append(_Close.NOT_FOUND if tab is None else _Close.OK)
            if tab is not None:
                found += tab.sessions()
    elif kind == "sessions":
        for guid in request.sessions.session_ids:
            session = app.session(guid)
            response.statuses.append(_Close.NOT_FOUND if session is None else _Close.OK)
            if session is not None:
                found.append(session)
    if found:
        ending.close(call.host, list(dict.fromkeys(found)))


def restart_session(
    call: Call, request: api_pb2.RestartSessionRequest, response: api_pb2.RestartSessionResponse
) -> None:
    """Answered at once; a running program is killed unless only_if_exited, then a new GUID appears."""
    session = call.host.app.session(request.session_id)
    if session is None:
        response.status = _Restart.SESSION_NOT_FOUND
    elif request.only_if_exited and session.alive:
        response.status = _Restart.SESSION_NOT_RESTARTABLE
    else:
        response.status = _Restart.OK
        ending.restart(call.host, session)
