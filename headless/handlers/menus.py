"""MenuItemRequest: a few menu items that make sense without a screen; the others are known to nobody."""

from collections.abc import Callable

from iterm2 import api_pb2

from headless import activation, coprocesses, creation, ending
from headless.handlers.call import Call
from headless.host import Host

_Status = api_pb2.MenuItemResponse


def menu_item(call: Call, request: api_pb2.MenuItemRequest, response: api_pb2.MenuItemResponse) -> None:
    """Picks a menu item, or tells its state with query_only."""
    action = _ITEMS.get(request.identifier)
    response.checked = False
    if action is None:
        response.status, response.enabled = _Status.BAD_IDENTIFIER, False
        return
    enabled = call.host.app.current_session is not None or request.identifier == "Shell.New Window"
    response.enabled = enabled
    response.status = _Status.OK if enabled or request.query_only else _Status.DISABLED
    if enabled and not request.query_only:
        action(call.host)


def _new_window(host: Host) -> None:
    profile = creation.make_profile(host, None, {})
    assert profile is not None
    creation.open_window(host, profile)


def _new_tab(host: Host) -> None:
    profile, window = creation.make_profile(host, None, {}), host.app.current_window
    assert profile is not None
    assert window is not None
    creation.open_tab(host, window, profile, len(window.tabs), select=True)


def _close(host: Host) -> None:
    session = host.app.current_session
    if session is not None:
        ending.close(host, [session])


def _maximize(host: Host) -> None:
    session = host.app.current_session
    if session is not None:
        activation.toggle_maximized(host, session)


def _stop_coprocess(host: Host) -> None:
    session = host.app.current_session
    if session is not None:
        coprocesses.stop(host, session)


_ITEMS: dict[str, Callable[[Host], None]] = {
    "Shell.New Window": _new_window,
    "New Tab": _new_tab,
    "Close": _close,
    "Maximize Active Pane": _maximize,
    "Stop Coprocess": _stop_coprocess,
}
