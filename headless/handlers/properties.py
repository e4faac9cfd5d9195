"""GetProperty and SetProperty of windows and sessions (iTerm2 sources/API/iTermAPIHelper.m:2728, :2878)."""

import json
from collections.abc import Callable
from typing import TypeAlias

from iterm2 import api_pb2

from headless import creation, ending, sizing
from headless.emulator.wire import Question
from headless.handlers.call import Call
from headless.model import Window
from headless.session import Session
from headless.sizing import MAX_COLUMNS, MAX_ROWS
from headless.split_tree import MIN_COLUMNS, MIN_ROWS

_Get = api_pb2.GetPropertyResponse
_Set = api_pb2.SetPropertyResponse
_SetStatus: TypeAlias = api_pb2.SetPropertyResponse.Status.ValueType


async def get_property(call: Call, request: api_pb2.GetPropertyRequest, response: _Get) -> None:
    """Window: frame, fullscreen. Session: grid_size, buried, number_of_lines."""
    if request.WhichOneof("identifier") == "window_id":
        window = call.host.app.window(request.window_id)
        value = None if window is None else _window_property(window, request.name)
        found: object = window
    else:
        session = call.host.app.session(request.session_id)
        value = None if session is None else await _session_property(call, session, request.name)
        found = session
    if found is None:
        response.status = _Get.INVALID_TARGET
    elif value is None:
        response.status = _Get.UNRECOGNIZED_NAME
    else:
        response.status = _Get.OK
        response.json_value = value


def _window_property(window: Window, name: str) -> str | None:
    if name == "frame":
        (x, y), (width, height) = window.origin, window.frame_size()
        return json.dumps({"origin": {"x": x, "y": y}, "size": {"width": width, "height": height}})
    if name == "fullscreen":
        return "true" if window.fullscreen else "false"
    return None


async def _session_property(call: Call, session: Session, name: str) -> str | None:
    if name == "grid_size":  # each one too small, as iTerm2 says it (sources/API/iTermAPIHelper.m:2878)
        return json.dumps({"width": session.columns - 1, "height": session.rows - 1})
    if name == "buried":
        return "1" if session in call.host.app.buried else "0"
    if name == "number_of_lines":
        return (await call.host.screens.ask(session.number, Question.LINE_INFO)).decode()
    return None


def set_property(call: Call, request: api_pb2.SetPropertyRequest, response: _Set) -> None:
    """Window: frame, fullscreen. Session: grid_size, buried (`all` touches only the first session)."""
    try:
        value = json.loads(request.json_value)
    except (ValueError, RecursionError):
        response.status = _Set.INVALID_VALUE
        return
    if request.WhichOneof("identifier") == "window_id":
        window = call.host.app.window(request.window_id)
        action = _WINDOW.get(request.name)
        if window is None:
            response.status = _Set.INVALID_TARGET
        else:
            response.status = _Set.UNRECOGNIZED_NAME if action is None else action(call, window, value)
        return
    session = call.host.app.session(request.session_id)
    if request.session_id == "all":
        session = next(call.host.app.windowed_sessions(), None)
    change = _SESSION.get(request.name)
    if session is None:
        response.status = _Set.INVALID_TARGET
    else:
        response.status = _Set.UNRECOGNIZED_NAME if change is None else change(call, session, value)


def _set_frame(call: Call, window: Window, value: object) -> _SetStatus:
    """Needs all four members; iTerm2 would stop at an assertion without them."""
    origin, size = _pair(value, "origin", "x", "y"), _pair(value, "size", "width", "height")
    if origin is None or size is None:
        return _Set.INVALID_VALUE
    if window.fullscreen:
        return _Set.IMPOSSIBLE
    sizing.set_frame(call.host, window, origin, size)
    return _Set.OK


def _pair(value: object, name: str, first: str, second: str) -> tuple[int, int] | None:
    inner = value.get(name) if isinstance(value, dict) else None
    if not isinstance(inner, dict):
        return None
    numbers = [
        int(number)
        for number in (inner.get(first), inner.get(second))
        if isinstance(number, (int, float)) and abs(number) < 1_000_000
    ]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else None


def _set_fullscreen(call: Call, window: Window, value: object) -> _SetStatus:
    if not isinstance(value, (bool, int)):
        return _Set.INVALID_VALUE
    if bool(value) != window.fullscreen:
        sizing.toggle_fullscreen(call.host, window)
    return _Set.OK


def _set_grid_size(call: Call, session: Session, value: object) -> _SetStatus:
    """Resizes the session's window; the result may be clamped yet OK."""
    if not isinstance(value, dict):
        return _Set.INVALID_VALUE
    columns, rows = value.get("width"), value.get("height")
    if not isinstance(columns, int) or not isinstance(rows, int) or columns <= 0 or rows <= 0:
        return _Set.INVALID_VALUE
    if session.tab is None or session.tab.window.fullscreen:
        return _Set.IMPOSSIBLE
    columns = max(MIN_COLUMNS, min(MAX_COLUMNS, columns))
    creation.resize_to_fit(call.host, session, columns, max(MIN_ROWS, min(MAX_ROWS, rows)))
    return _Set.OK


def _set_buried(call: Call, session: Session, value: object) -> _SetStatus:
    if not isinstance(value, (bool, int)):
        return _Set.INVALID_VALUE
    if value and session not in call.host.app.buried:
        ending.bury(call.host, session)
    elif not value:
        ending.disinter(call.host, session)
    return _Set.OK


_WINDOW: dict[str, Callable[[Call, Window, object], _SetStatus]] = {
    "frame": _set_frame,
    "fullscreen": _set_fullscreen,
}
_SESSION: dict[str, Callable[[Call, Session, object], _SetStatus]] = {
    "grid_size": _set_grid_size,
    "buried": _set_buried,
}
