"""GetPrompt and ListPrompts: where shell integration says that prompts and commands are."""

import json

from iterm2 import api_pb2

from headless.emulator.wire import Question
from headless.handlers.call import Call


async def get_prompt(call: Call, request: api_pb2.GetPromptRequest, response: api_pb2.GetPromptResponse) -> None:
    """The last prompt, or the one with an id; PROMPT_UNAVAILABLE without shell integration."""
    session = call.host.app.session(request.session)
    if session is None:
        response.status = api_pb2.GetPromptResponse.SESSION_NOT_FOUND
        return
    wanted = request.unique_prompt_id if request.HasField("unique_prompt_id") else None
    encoded = await call.host.screens.ask(session.number, Question.PROMPT, json.dumps({"id": wanted}).encode())
    if encoded:
        response.MergeFromString(encoded)
    else:
        response.status = api_pb2.GetPromptResponse.PROMPT_UNAVAILABLE


async def list_prompts(call: Call, request: api_pb2.ListPromptsRequest, response: api_pb2.ListPromptsResponse) -> None:
    """The ids of all prompts known, oldest first, or of a range of them."""
    session = call.host.app.session(request.session)
    if session is None:
        response.status = api_pb2.ListPromptsResponse.SESSION_NOT_FOUND
        return
    body = {"first": request.first_unique_id or None, "last": request.last_unique_id or None}
    response.status = api_pb2.ListPromptsResponse.OK
    response.MergeFromString(await call.host.screens.ask(session.number, Question.PROMPTS, json.dumps(body).encode()))
