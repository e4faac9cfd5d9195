"""Sessions by the names that people type: an id, the beginning of one that fits no other, or `active`."""

import os

from bus import paths as run_time
from bus.errors import Iterm2Unavailable
from bus.messages.layout import Layout, Session
from bus.paths import Paths
from itermbus import instance, layout_reader
from itermbus.mistakes import Mistake, NotRunning

#: The name of the session in which the user types.
ACTIVE = "active"

#: Seconds that the broker has for its answer.
_SECONDS = 5.0


def running_paths() -> Paths:
    """The paths of this home folder's running instance. Raises `NotRunning`, `SetupError`."""
    paths = Paths.of_home()
    if paths.root.exists():
        run_time.check(paths)
    if not paths.run.exists() or instance.find(paths) is None:
        raise NotRunning
    return paths


def ask_layout(paths: Paths) -> Layout:
    """What the broker knows. Raises `RequestError`, `Iterm2Unavailable` while it has no iTerm2 among them."""
    layout = layout_reader.ask(paths, _SECONDS)
    if layout.iterm2.state != "connected":
        raise Iterm2Unavailable(f"iTerm2 is not connected: {layout.iterm2.reason or layout.iterm2.state}")
    return layout


def find(paths: Paths, name: str) -> Session:
    """The session called `name`. Raises `Mistake`, and what `ask_layout` raises."""
    return choose(ask_layout(paths), name)


def choose(layout: Layout, name: str) -> Session:
    """The session of `layout` called `name`. Raises `Mistake` for none and for several."""
    wanted = active_id(layout) if name.lower() == ACTIVE else name.upper()
    if wanted is None:
        raise Mistake("no session is active at the moment. `itermbus status` lists them.")
    found = [session for session in layout_reader.sessions(layout) if session.session_id.startswith(wanted)]
    if not wanted or not found:
        raise Mistake(f"there is no session {name!r}. `itermbus status` lists them.")
    if len(found) > 1:
        several = "\n".join(f"  {session.session_id}  {session.title}" for session in found)
        raise Mistake(f"{name!r} is the beginning of {len(found)} sessions:\n{several}")
    return found[0]


def active_id(layout: Layout) -> str | None:
    """The session in which the user types, if there is one."""
    for window in layout.windows:
        if window.window_id == layout.active_window_id:
            for tab in window.tabs:
                if tab.tab_id == window.selected_tab_id:
                    return tab.active_session_id
    return None


def shown_on(layout: Layout, descriptor: int) -> str | None:
    """The session whose terminal this descriptor is, if it is one's: what is written there is its output."""
    try:
        tty = os.ttyname(descriptor)
    except OSError:
        return None
    return next((session.session_id for session in layout_reader.sessions(layout) if session.tty == tty), None)
