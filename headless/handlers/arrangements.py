"""SavedArrangementRequest: window layouts under a name, kept for this run."""

from iterm2 import api_pb2

from headless import creation
from headless.handlers.call import Call
from headless.model import Window

_Request = api_pb2.SavedArrangementRequest
_Status = api_pb2.SavedArrangementResponse
MAX_ARRANGEMENTS = 1000


def saved_arrangement(
    call: Call, request: api_pb2.SavedArrangementRequest, response: api_pb2.SavedArrangementResponse
) -> None:
    """Saves, restores or lists. What is kept is how many tabs each window has, and its size; programs start anew."""
    host = call.host
    if request.action == _Request.LIST:
        response.status = _Status.OK
        response.names.extend(sorted(host.arrangements))
        return
    window = host.app.window(request.window_id) if request.HasField("window_id") else None
    if request.HasField("window_id") and window is None:
        response.status = _Status.WINDOW_NOT_FOUND
    elif not request.name:
        response.status = _Status.REQUEST_MALFORMED
    elif request.action == _Request.SAVE:
        if request.name not in host.arrangements and len(host.arrangements) >= MAX_ARRANGEMENTS:
            response.status = _Status.REQUEST_MALFORMED
            return
        windows = [window] if window is not None else host.app.windows
        host.arrangements[request.name] = [[len(each.tabs), each.columns, each.rows] for each in windows]
        response.status = _Status.OK
    elif request.name not in host.arrangements:
        response.status = _Status.ARRANGEMENT_NOT_FOUND
    else:
        response.status = _Status.OK
        _restore(call, request.name, window)


def _restore(call: Call, name: str, window: Window | None) -> None:
    """Opens the windows of an arrangement, or its tabs in the window given."""
    host = call.host
    profile = creation.make_profile(host, None, {})
    assert profile is not None
    for count, columns, rows in host.arrangements[name]:
        target, left = window, count
        if target is None:
            session = creation.open_window(host, profile)
            assert session.tab is not None
            target, left = session.tab.window, count - 1
            creation.resize_to_fit(host, session, columns, rows)
        for _ in range(left):
            creation.open_tab(host, target, profile, len(target.tabs), select=False)
