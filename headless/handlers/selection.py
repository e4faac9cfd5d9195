"""SelectionRequest: what is selected in a session; nobody selects here but clients."""

import json

from iterm2 import api_pb2

from headless.emulator.wire import Question
from headless.handlers.call import Call
from headless.session import Session

_Status = api_pb2.SelectionResponse
#: Parts of one selection, and characters of the variable `selection` (iTerm2 truncates it to 100 by default).
MAX_PARTS = 1000
MAX_TEXT = 100


async def selection(call: Call, request: api_pb2.SelectionRequest, response: api_pb2.SelectionResponse) -> None:
    """Gets or sets; a set also updates the session's variables `selection` and `selectionLength`."""
    kind = request.WhichOneof("request")
    if kind is None:
        response.status = _Status.REQUEST_MALFORMED
        return
    session = call.host.app.session(getattr(request, kind).session_id)
    if session is None:
        response.status = _Status.INVALID_SESSION
        return
    response.status = _Status.OK
    if kind == "get_selection_request":
        response.get_selection_response.selection.CopyFrom(session.selection)
        return
    wanted = request.set_selection_request.selection
    if len(wanted.sub_selections) > MAX_PARTS or not all(map(_is_valid, wanted.sub_selections)):
        response.status = _Status.INVALID_RANGE
        return
    response.set_selection_response.SetInParent()
    session.selection.CopyFrom(wanted)
    await _update_variables(call, session)


def _is_valid(part: api_pb2.SubSelection) -> bool:
    area = part.windowed_coord_range.coord_range
    return min(area.start.x, area.start.y, area.end.x, area.end.y) >= 0


async def _update_variables(call: Call, session: Session) -> None:
    ranges = [
        [area.start.x, area.start.y, area.end.x, area.end.y]
        for area in (part.windowed_coord_range.coord_range for part in session.selection.sub_selections)
    ]
    text = ""
    if ranges:
        text = (await call.host.screens.ask(session.number, Question.TEXT, json.dumps(ranges).encode())).decode()
    session.variables.update({"selection": text[:MAX_TEXT], "selectionLength": len(text)})
