"""GetBuffer: screen contents and scrollback, with styles always (iTerm2 sources/PTYSession/PTYSession.m:21662)."""

from iterm2 import api_pb2

from headless.emulator.wire import Question
from headless.handlers.call import Call, NoSubmessageError


async def get_buffer(call: Call, request: api_pb2.GetBufferRequest, response: api_pb2.GetBufferResponse) -> None:
    """The lines asked for, as of all bytes read so far; an invalid range is answered without a submessage."""
    session = call.host.app.any_session(request.session) or call.host.app.session(request.session)
    if session is None:
        response.status = api_pb2.GetBufferResponse.SESSION_NOT_FOUND
        return
    encoded = await call.host.screens.ask(session.number, Question.BUFFER, request.line_range.SerializeToString())
    if not encoded:
        raise NoSubmessageError
    response.MergeFromString(encoded)
