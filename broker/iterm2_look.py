"""What the broker asks iTerm2, as one typed function a request.

The package's own methods hide some statuses (send_text, activate) and keep objects that are only as fresh as their
last refresh, so requests are made at the level below (iterm2/rpc.py) and their statuses checked. All raise what
`Link.ask` raises.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from broker.iterm2_answers import check, decode, invoke, no_session, opened
from broker.iterm2_link import REQUEST_SECONDS, CoordRange, Link, Point, WindowedCoordRange, protocol, rpc
from broker.model import Json
from bus.errors import RequestError

_BUFFER_SECONDS = 10.0


class NoContents(RequestError):
    """iTerm2 has no screen for this session: it shows a web page, or the lines asked for are gone."""

    code = "invalid"


async def list_sessions(link: Link) -> Any:
    """A ListSessionsResponse."""
    return opened(await link.ask(rpc.async_list_sessions), "list_sessions_response")


async def get_focus(link: Link) -> Any:
    """A FocusResponse."""
    return opened(await link.ask(rpc.async_get_focus_info), "focus_response")


async def get_variables(
    link: Link, session_id: str | None, names: Sequence[str], seconds: float = REQUEST_SECONDS
) -> dict[str, Json]:
    """Variables of a session, or of the application for None, in one request. What is unset is None."""
    answer = await link.ask(lambda connection: rpc.async_variable(connection, session_id, gets=names), seconds)
    response = opened(answer, "variable_response")
    if response.status == response.SESSION_NOT_FOUND:
        raise no_session()
    check(response, "variables")
    return {name: decode(value) for name, value in zip(names, response.values, strict=False)}


async def get_profile(link: Link, session_id: str, keys: Iterable[str]) -> dict[str, Json]:
    """Some keys of a session's profile; those without a value are missing."""
    answer = await link.ask(lambda connection: rpc.async_get_profile(connection, session_id, keys))
    response = opened(answer, "get_profile_property_response")
    if response.status == response.SESSION_NOT_FOUND:
        raise no_session()
    check(response, "a profile")
    return {entry.key: decode(entry.json_value) for entry in response.properties}


async def get_screen(link: Link, session_id: str) -> Any:
    """A GetBufferResponse with the screen: the part that programs write to, not what the user scrolled to."""
    return await _get_buffer(link, session_id, None)


async def get_lines(link: Link, session_id: str, first: int, end: int) -> Any:
    """A GetBufferResponse with the lines from `first` to before `end`, by absolute numbers; lost ones are missing."""
    return await _get_buffer(link, session_id, WindowedCoordRange(CoordRange(Point(0, first), Point(0, end))))


async def _get_buffer(link: Link, session_id: str, lines: WindowedCoordRange | None) -> Any:
    answer = await link.ask(
        lambda connection: rpc.async_get_screen_contents(connection, session_id, lines), _BUFFER_SECONDS
    )
    if not answer.HasField("get_buffer_response"):
        # iTerm2 answers nothing for a web page and for a range that is gone (sources/API/iTermAPIHelper.m:1637).
        raise NoContents("iTerm2 has no screen contents for this session")
    response = answer.get_buffer_response
    if response.status == response.SESSION_NOT_FOUND:
        raise no_session()
    check(response, "screen contents")
    return response


async def get_coprocess(link: Link, session_id: str) -> str | None:
    """The command line of a session's coprocess, None without one."""
    result = await invoke(link, session_id, "iterm2.get_coprocess")
    return result if isinstance(result, str) else None


async def subscribe(link: Link, kind: int) -> None:
    """Subscribes to one kind of notification of all sessions. Raises `Internal` when iTerm2 does not want it."""
    await _subscribe(link, kind, "all", None)


async def follow_screen(link: Link, session_id: str, wanted: bool) -> None:
    """Begins or ends being told when a session's screen changes. Of one session: an "all" that another program ends
    would end ours (sources/API/iTermAPIHelper.m:2075). To end what is not there is no error."""
    await _subscribe(link, protocol.NOTIFY_ON_SCREEN_UPDATE, session_id, None, wanted=wanted)


async def follow_prompts(link: Link, session_id: str) -> None:
    """Begins being told of a session's prompts and commands, where it has shell integration."""
    modes = (protocol.PROMPT, protocol.COMMAND_START, protocol.COMMAND_END)
    await _subscribe(link, protocol.NOTIFY_ON_PROMPT, session_id, None, prompts=modes)


async def monitor(link: Link, session_id: str | None, name: str) -> None:
    """Subscribes to a variable of a session, or of the application for None. Its present value is not sent."""
    scope = protocol.APP if session_id is None else protocol.SESSION
    request = protocol.VariableMonitorRequest(name=name, scope=scope, identifier=session_id or "")
    await _subscribe(link, protocol.NOTIFY_ON_VARIABLE_CHANGE, "all", request)


async def _subscribe(
    link: Link,
    kind: int,
    session: str,
    variable: protocol.VariableMonitorRequest | None,
    *,
    wanted: bool = True,
    prompts: Iterable[int] | None = None,
) -> None:
    answer = await link.ask(
        lambda connection: rpc.async_notification_request(
            connection,
            wanted,
            kind,  # type: ignore[arg-type]
            session,
            variable_monitor_request=variable,
            prompt_monitor_modes=prompts,  # type: ignore[arg-type]
        )
    )
    response = opened(answer, "notification_response")
    if response.status in (response.SESSION_NOT_FOUND, response.INVALID_IDENTIFIER):
        raise no_session()
    if response.status not in (response.ALREADY_SUBSCRIBED, response.NOT_SUBSCRIBED):
        check(response, "a subscription")
