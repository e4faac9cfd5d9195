"""What iTerm2's answers have in common: JSON, statuses, functions of its own language."""

import json
from typing import Any

from broker.iterm2_link import Link, rpc
from broker.model import Json
from bus.errors import Internal, NoSuchSession, NoSuchTab, NoSuchWindow, RequestError, RequestTimeout

#: An invocation may take iTerm2 30 s of its own (sources/API/iTermAPIHelper.m:4180).
_INVOKE_SECONDS = 10.0

#: iTerm2's word in its refusal of a coprocess for a browser session (sources/PTYSession/PTYSession.m:22770).
_BROWSER = "browser"

#: Its words for a receiver that there is not (sources/Language/iTermScriptFunctionCall.m:364).
_GONE = "not found"


class NotInvoked(Internal):
    """iTerm2 refused a method. `browser`: because the session shows a web page."""

    def __init__(self, method: str, browser: bool) -> None:
        super().__init__(f"iTerm2 refuses {method} there")
        self.browser = browser


async def invoke(link: Link, receiver: str, method: str, *, gone: RequestError | None = None, **arguments: str) -> Json:
    """The result of a method of a session, tab or window.

    Raises `gone` (without it `NoSuchSession`) when there is no such receiver, `RequestTimeout`, `NotInvoked`.
    """
    text = ", ".join(f'{name}: "{quote(value)}"' for name, value in arguments.items())
    answer = await link.ask(
        lambda connection: rpc.async_invoke_function(connection, f"{method}({text})", receiver=receiver),
        _INVOKE_SECONDS,
    )
    response = opened(answer, "invoke_function_response")
    if response.HasField("success"):
        return decode(response.success.json_result)
    reason = response.error.error_reason.lower()
    if _GONE in reason or response.error.status == response.INVALID_ID:
        raise gone or no_session()
    if response.error.status == response.TIMEOUT:
        raise RequestTimeout(f"iTerm2 did not finish {method} in time; it may have happened all the same")
    raise NotInvoked(method, browser=_BROWSER in reason)


def quote(text: str) -> str:
    """A text as it stands between double quotes in a call of iTerm2's (iterm2/util.py:449)."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def opened(answer: Any, field: str) -> Any:
    """The answer proper. Raises `Internal` without one: unset fields would read as success and as an empty list."""
    if not answer.HasField(field):
        raise Internal(f"iTerm2's answer holds no {field}")
    return getattr(answer, field)


def decode(text: str) -> Json:
    """JSON of iTerm2's; None for what is none."""
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def missing(*, session_id: str | None, tab_id: str | None) -> RequestError:
    """The error for an id that iTerm2 does not know: of a session, else of a tab, else of a window."""
    if session_id is not None:
        return no_session()
    return NoSuchTab("no tab of this id") if tab_id is not None else NoSuchWindow("no window of this id")


def no_session() -> RequestError:
    return NoSuchSession("no session of this id")


def check(response: Any, what: str) -> None:
    """Raises `Internal` for a status that is not OK, by its name."""
    if response.status != response.OK:
        raise Internal(f"iTerm2 refused {what}: {response.Status.Name(response.status)}")
