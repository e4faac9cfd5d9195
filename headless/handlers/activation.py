"""Activate (iTerm2 sources/API/iTermAPIHelper.m:2937-3030)."""

from iterm2 import api_pb2

from headless import activation, ending
from headless.handlers.call import Call
from headless.model import Tab, Window, lenient_tab_id
from headless.session import Session

_Status = api_pb2.ActivateResponse


def activate(call: Call, request: api_pb2.ActivateRequest, response: api_pb2.ActivateResponse) -> None:
    """In this order: disinter, app, window, tab, session; what came before an impossible step is done."""
    host = call.host
    kind = request.WhichOneof("identifier")
    window: Window | None = None
    tab: Tab | None = None
    session: Session | None = None
    if kind == "window_id":
        window = host.app.window(request.window_id)
    elif kind == "tab_id":
        tab = host.app.tab(lenient_tab_id(request.tab_id))
        window = tab.window if tab is not None else None
    elif kind == "session_id":
        session = host.app.session(request.session_id)
        if session is not None:
            ending.disinter(host, session)
            tab = session.tab
            window = tab.window if tab is not None else None
    if kind is not None and window is None:
        response.status = _Status.BAD_IDENTIFIER
        return
    response.status = _Status.OK
    if request.HasField("activate_app"):
        activation.set_app_active(host, active=True)
        if request.activate_app.raise_all_windows and host.app.current_window is not None:
            activation.bring_to_front(host, host.app.current_window)
    if request.order_window_front:
        if window is None:
            response.status = _Status.INVALID_OPTION
            return
        activation.bring_to_front(host, window)
    if request.select_tab:
        if tab is None:
            response.status = _Status.INVALID_OPTION
            return
        activation.select_tab(host, tab)
    if request.select_session:
        if session is None:
            response.status = _Status.INVALID_OPTION
            return
        activation.select_pane(host, session)
