"""What the broker has iTerm2 do, as one typed function a request.

The package's own methods hide some statuses (send_text, activate) and keep objects that are only as fresh as their
last refresh, so requests are made at the level below (iterm2/rpc.py) and their statuses checked. All raise what
`Link.ask` raises.
"""

import json

from broker.iterm2_answers import check, invoke, missing, no_session, opened
from broker.iterm2_link import Link, rpc
from bus.errors import Invalid, NoSuchSession

#: A close without force may ask the user.
_CLOSE_SECONDS = 60.0


async def run_coprocess(link: Link, session_id: str, command: str) -> bool:
    """Starts a coprocess; False when the session has one. `command` must not hold a double quote."""
    return await invoke(link, session_id, "iterm2.run_coprocess", commandLine=command) == 1


async def stop_coprocess(link: Link, session_id: str) -> None:
    """Ends a session's coprocess with SIGTERM, whosever it is: look first."""
    await invoke(link, session_id, "iterm2.stop_coprocess")


async def send_text(link: Link, session_id: str, text: str) -> None:
    """Types `text`, into this session only whatever is broadcast."""
    answer = await link.ask(lambda connection: rpc.async_send_text(connection, session_id, text, True))
    response = opened(answer, "send_text_response")
    if response.status != response.OK:
        raise NoSuchSession("no session of this id takes text: it is gone or its program has ended")


async def activate(
    link: Link, *, session_id: str | None = None, tab_id: str | None = None, window_id: str | None = None
) -> None:
    """Selects one of these in its window and orders the window to the front of iTerm2's own."""
    answer = await link.ask(
        lambda connection: rpc.async_activate(
            connection,
            select_session=session_id is not None,
            select_tab=window_id is None,
            order_window_front=True,
            session_id=session_id,
            tab_id=tab_id,
            window_id=window_id,
        )
    )
    response = opened(answer, "activate_response")
    if response.status == response.BAD_IDENTIFIER:
        raise missing(session_id=session_id, tab_id=tab_id)
    check(response, "an activation")


async def close(
    link: Link,
    *,
    session_id: str | None = None,
    tab_id: str | None = None,
    window_id: str | None = None,
    force: bool,
) -> bool:
    """Closes one of these; False when the user was asked and declined."""
    answer = await link.ask(
        lambda connection: rpc.async_close(
            connection,
            sessions=[session_id] if session_id else None,
            tabs=[tab_id] if tab_id else None,
            windows=[window_id] if window_id else None,
            force=force,
        ),
        _CLOSE_SECONDS,
    )
    response = opened(answer, "close_response")
    if response.NOT_FOUND in response.statuses:
        raise missing(session_id=session_id, tab_id=tab_id)
    return response.USER_DECLINED not in response.statuses


async def set_grid_size(link: Link, session_id: str, columns: int, rows: int) -> bool:
    """Resizes a session's window to fit this grid; False when the window's state does not allow it now."""
    value = json.dumps({"width": columns, "height": rows})
    answer = await link.ask(
        lambda connection: rpc.async_set_property(connection, "grid_size", value, session_id=session_id)
    )
    response = opened(answer, "set_property_response")
    if response.status == response.INVALID_TARGET:
        raise no_session()
    if response.status in (response.IMPOSSIBLE, response.DEFERRED):
        return False
    if response.status == response.INVALID_VALUE:
        raise Invalid("iTerm2 cannot make a session of this size")
    check(response, "a new size")
    return True
