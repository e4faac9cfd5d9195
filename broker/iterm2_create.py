"""What the broker has iTerm2 make: tabs, windows, panes; and what it has it call them.

Each answer's status is checked (iTerm2 sources/API/iTermAPIHelper.m:2435-2603). All raise what `Link.ask` raises.
"""

import json
from typing import NamedTuple

from broker.iterm2_answers import check, invoke, no_session, opened
from broker.iterm2_link import Link, rpc
from bus.errors import Invalid, NoSuchTab, NoSuchWindow, RequestTimeout

#: The answer comes when the session exists: iTerm2 may ask its user something first.
_SECONDS = 30.0

_NO_PROFILE = "no profile of this name"


class Made(NamedTuple):
    """A new session and where it is."""

    window_id: str
    tab_id: str
    session_id: str


async def create_tab(
    link: Link,
    *,
    window_id: str | None,
    profile: str | None = None,
    command: str | None = None,
    index: int | None = None,
    select: bool = True,
) -> Made:
    """Makes a tab, in a new window without `window_id`."""
    answer = await link.ask(
        lambda connection: rpc.async_create_tab(
            connection, profile=profile, window=window_id, index=index, command=command, select=select
        ),
        _SECONDS,
    )
    response = opened(answer, "create_tab_response")
    if response.status == response.INVALID_WINDOW_ID:
        raise NoSuchWindow("no window of this id")
    if response.status == response.INVALID_PROFILE_NAME:
        raise Invalid(_NO_PROFILE)
    if response.status == response.MISSING_SUBSTITUTION:
        raise Invalid("no session was made: a question of iTerm2's was cancelled")
    # An index that is too large gives a status of its own, though the tab is there (:2507).
    if response.status != response.INVALID_TAB_INDEX or not response.session_id:
        check(response, "a new tab")
    if not response.session_id:
        raise _later()
    return Made(response.window_id, str(response.tab_id), response.session_id)


async def split_pane(
    link: Link, session_id: str, *, vertical: bool, before: bool, profile: str | None, command: str | None
) -> str:
    """Divides a pane and returns the new session's id."""
    answer = await link.ask(
        lambda connection: rpc.async_split_pane(
            connection, session_id, vertical, before, profile, None if command is None else _custom(command)
        ),
        _SECONDS,
    )
    response = opened(answer, "split_pane_response")
    if response.status == response.SESSION_NOT_FOUND:
        raise no_session()
    if response.status == response.INVALID_PROFILE_NAME:
        raise Invalid(_NO_PROFILE)
    if response.status == response.CANNOT_SPLIT:
        raise Invalid("the session is too small to be split")
    if response.status == response.MALFORMED_CUSTOM_PROFILE_PROPERTY:
        raise Invalid("iTerm2 does not take this command")
    check(response, "a split")
    if not response.session_id:
        raise _later()
    return str(response.session_id[0])


def _later() -> RequestTimeout:
    """tmux makes panes and tabs in its own time: there iTerm2's answer is OK, and names no session."""
    return RequestTimeout("tmux has been asked for it; the layout shows it when it is there")


def _custom(command: str) -> dict[str, str | None]:
    """A command as profile properties: the request's own field for it is not used by iTerm2."""
    return {"Custom Command": json.dumps("Yes"), "Command": json.dumps(command)}


async def set_title(
    link: Link, title: str, *, session_id: str | None = None, tab_id: str | None = None, window_id: str | None = None
) -> None:
    """Names one of these. iTerm2 reads the text as one with expressions in it: it must not hold a backslash.

    Up to 3.6.11 a double quote is shown with a backslash before it (sources/Categories/NSStringITerm.m:456).
    """
    if session_id is not None:
        # Gives the session a copy of its profile that is its own (sources/PTYSession/PTYSession.m:22671).
        await invoke(link, session_id, "iterm2.set_name", name=title)
    elif tab_id is not None:
        await invoke(link, tab_id, "iterm2.set_title", gone=NoSuchTab("no tab of this id"), title=title)
    elif window_id is not None:
        await invoke(link, window_id, "iterm2.set_title", gone=NoSuchWindow("no window of this id"), title=title)
