"""What scripts of a host's user do, beside what the broker can do itself; for `System.as_user`."""

import json
from typing import Any

from broker.iterm2_answers import check, opened
from broker.iterm2_link import Link, rpc


async def set_profile(link: Link, session_id: str, values: dict[str, object]) -> None:
    """Changes a session's own copy of its profile."""
    assignments = [(key, json.dumps(value)) for key, value in values.items()]
    answer = await link.ask(lambda c: rpc.async_set_profile_properties_json(c, session_id, assignments))
    check(opened(answer, "set_profile_property_response"), "a change of a profile")


async def set_shared_profile(link: Link, guid: str, values: dict[str, object]) -> None:
    """Changes a profile itself, as the settings window does."""
    assignments = [(key, json.dumps(value)) for key, value in values.items()]
    answer = await link.ask(lambda c: rpc.async_set_profile_properties_json(c, None, assignments, [guid]))
    check(opened(answer, "set_profile_property_response"), "a change of a profile")


async def restart(link: Link, session_id: str) -> None:
    answer = await link.ask(lambda c: rpc.async_restart_session(c, session_id, False))
    check(opened(answer, "restart_session_response"), "a restart")


async def bury(link: Link, session_id: str, buried: bool) -> None:
    value = json.dumps(buried)
    answer = await link.ask(lambda c: rpc.async_set_property(c, "buried", value, session_id=session_id))
    check(opened(answer, "set_property_response"), "a burial")


async def call(link: Link, invocation: str) -> Any:
    """Calls a function of iTerm2's that is no method."""
    answer = await link.ask(lambda c: rpc.async_invoke_function(c, invocation))
    return opened(answer, "invoke_function_response")
