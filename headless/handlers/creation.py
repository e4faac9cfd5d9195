"""CreateTab and SplitPane (iTerm2 sources/API/iTermAPIHelper.m:2435-2603)."""

import json
from collections.abc import Iterable

from iterm2 import api_pb2

from headless import creation, split_tree
from headless.errors import RequestRefused
from headless.handlers.call import Call
from headless.profiles import accepts

_Create = api_pb2.CreateTabResponse
_Split = api_pb2.SplitPaneResponse
#: Sessions at once; each costs a PTY, a process and a screen.
MAX_SESSIONS = 1000


def create_tab(call: Call, request: api_pb2.CreateTabRequest, response: api_pb2.CreateTabResponse) -> None:
    """A tab in a window, or a new window. The field `command` is ignored: the package sends profile properties."""
    host = call.host
    _check_room(call)
    overrides = _overrides(request.custom_profile_properties)
    profile = creation.make_profile(
        host, request.profile_name if request.HasField("profile_name") else None, overrides or {}
    )
    if profile is None or overrides is None:
        response.status = _Create.INVALID_PROFILE_NAME if profile is None else _Create.MISSING_SUBSTITUTION
        return
    response.status = _Create.OK
    if request.HasField("window_id"):
        window = host.app.window(request.window_id)
        if window is None:
            response.status = _Create.INVALID_WINDOW_ID
            return
        index = request.tab_index if request.HasField("tab_index") else len(window.tabs)
        if index > len(window.tabs):  # the tab exists all the same (sources/API/iTermAPIHelper.m:2507)
            response.status = _Create.INVALID_TAB_INDEX
            index = len(window.tabs)
        select = request.select_tab or not request.HasField("select_tab")
        session = creation.open_tab(host, window, profile, index, select=select)
    else:
        session = creation.open_window(host, profile)
    assert session.tab is not None
    response.window_id = session.tab.window.window_id
    response.tab_id = session.tab.tab_id
    response.session_id = session.guid


def split_pane(call: Call, request: api_pb2.SplitPaneRequest, response: api_pb2.SplitPaneResponse) -> None:
    """A pane beside another one. Buried and unknown sessions are not found."""
    host = call.host
    _check_room(call)
    session = host.app.session(request.session)
    if session is None or session.tab is None:
        response.status = _Split.SESSION_NOT_FOUND
        return
    overrides = _overrides(request.custom_profile_properties)
    if overrides is None:
        response.status = _Split.MALFORMED_CUSTOM_PROFILE_PROPERTY
        return
    profile = creation.make_profile(host, request.profile_name if request.HasField("profile_name") else None, overrides)
    vertical = request.split_direction == api_pb2.SplitPaneRequest.VERTICAL
    if profile is None:
        response.status = _Split.INVALID_PROFILE_NAME
    elif not split_tree.can_split(session.rect, vertical=vertical):
        response.status = _Split.CANNOT_SPLIT
    else:
        new = creation.split_pane(host, session, profile, vertical=vertical, before=request.before)
        response.status = _Split.OK
        response.session_id.append(new.guid)


def _overrides(properties: Iterable[api_pb2.ProfileProperty]) -> dict[str, object] | None:
    """The custom profile properties; None if one is no JSON or has the wrong type."""
    result: dict[str, object] = {}
    for item in properties:
        try:
            value = json.loads(item.json_value)
        except (ValueError, RecursionError):
            return None
        if not accepts(item.key, value):
            return None
        result[item.key] = value
    return result


def _check_room(call: Call) -> None:
    if sum(1 for _ in call.host.app.sessions()) >= MAX_SESSIONS:
        raise RequestRefused(f"there are {MAX_SESSIONS} sessions already")
