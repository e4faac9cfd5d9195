"""Requests for what a host without a screen does not have, each with iTerm2's own refusal."""

from iterm2 import api_pb2

from headless.handlers.call import Call

_Tmux = api_pb2.TmuxResponse


def register_tool(_call: Call, _request: api_pb2.RegisterToolRequest, response: api_pb2.RegisterToolResponse) -> None:
    """There is no toolbelt."""
    response.status = api_pb2.RegisterToolResponse.PERMISSION_DENIED


def tmux(_call: Call, request: api_pb2.TmuxRequest, response: api_pb2.TmuxResponse) -> None:
    """There is no tmux integration: the list of connections is empty, every connection id unknown."""
    kind = request.WhichOneof("payload")
    if kind == "list_connections":
        response.status = _Tmux.OK
        response.list_connections.SetInParent()
    elif kind is None:
        response.status = _Tmux.INVALID_REQUEST
    else:
        response.status = _Tmux.INVALID_CONNECTION_ID


def status_bar_component(
    call: Call, request: api_pb2.StatusBarComponentRequest, response: api_pb2.StatusBarComponentResponse
) -> None:
    """No session has a status bar, so no component is known."""
    status = api_pb2.StatusBarComponentResponse
    if request.WhichOneof("request") != "open_popover":
        response.status = status.REQUEST_MALFORMED
    elif call.host.app.session(request.open_popover.session_id) is None:
        response.status = status.SESSION_NOT_FOUND
    else:
        response.status = status.INVALID_IDENTIFIER


def screenshot(call: Call, request: api_pb2.ScreenshotRequest, response: api_pb2.ScreenshotResponse) -> None:
    """Nothing is drawn, so there is no picture."""
    known = call.host.app.session(request.session) is not None
    status = api_pb2.ScreenshotResponse
    response.status = status.INTERNAL_ERROR if known else status.SESSION_NOT_FOUND
