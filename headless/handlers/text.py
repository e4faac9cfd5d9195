"""SendText and Inject (iTerm2 sources/API/iTermAPIHelper.m:2405)."""

from iterm2 import api_pb2

from headless.errors import RequestRefused
from headless.handlers.call import Call
from headless.session import Session

_Status = api_pb2.SendTextResponse
#: Input that may wait for one program. iTerm2 has no bound; past this the host refuses loudly.
MAX_WAITING_INPUT = 64 * 1024 * 1024


def send_text(call: Call, request: api_pb2.SendTextRequest, response: api_pb2.SendTextResponse) -> None:
    """Types text; to the whole broadcast domain unless suppressed. Exited sessions are not found."""
    app = call.host.app
    if request.session == "all":
        sessions = [session for session in app.windowed_sessions() if session.alive]
    else:
        session = app.session(request.session)
        if session is None or not session.alive:
            response.status = _Status.SESSION_NOT_FOUND
            return
        sessions = [session]
    response.status = _Status.OK
    data = request.text.encode("utf-8", "replace")
    if not data:
        return
    targets = sessions if request.suppress_broadcast else _with_domains(call, sessions)
    for session in targets:
        task = session.task
        if task is None:
            continue
        if task.outgoing.size + len(data) > MAX_WAITING_INPUT:
            raise RequestRefused(f"session {session.guid} does not read its input: {task.outgoing.size} bytes wait")
        call.host.notifier.post(lambda task=task: task.type_bytes(data))  # type: ignore[misc]  # bound per turn


def _with_domains(call: Call, sessions: list[Session]) -> list[Session]:
    """The sessions and all that share a broadcast domain with one of them, each once."""
    result = list(sessions)
    for domain in call.host.app.broadcast_domains:
        if any(session in domain for session in sessions):
            result.extend(session for session in domain if session not in result and session.alive)
    return result


def inject(call: Call, request: api_pb2.InjectRequest, response: api_pb2.InjectResponse) -> None:
    """Interprets bytes as if the program had printed them; the coprocess does not see them. One status per id."""
    app = call.host.app
    for guid in request.session_id:
        session = app.session(guid)
        if guid == "all":
            for each in app.windowed_sessions():
                call.host.screens.inject(each.number, request.data)
            response.status.append(api_pb2.InjectResponse.OK)
        elif session is None:
            response.status.append(api_pb2.InjectResponse.SESSION_NOT_FOUND)
        else:
            call.host.screens.inject(session.number, request.data)
            response.status.append(api_pb2.InjectResponse.OK)
