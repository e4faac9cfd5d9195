"""Whether the broker's model, its workers and what it left on disk agree with the host's truth."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import psutil

from broker import iterm2_look
from broker.attach import FOREIGN, STOPPED
from broker.iterm2_link import Link
from broker.listing import read_focus, read_listing
from broker.model import Focus, Json, Listing, Node, Pane
from bus.errors import RequestError
from bus.messages.layout import Layout, Session, Split
from tests.broker.host import Host
from tests.broker.system import System, sessions_of
from tests.support import processes_of, wait_until


class Truth(NamedTuple):
    """What the host says of itself, at one moment."""

    listing: Listing
    focus: Focus
    variables: dict[str, dict[str, Json]]
    statistics: dict[str, Any]


def wait_agreement(host: Host, system: System, seconds: float = 30.0) -> None:
    """Waits until everything agrees; then the last difference is what fails the test."""
    last: list[str] = []

    def agrees() -> bool:
        last[:] = differences(host, system)
        return not last

    try:
        wait_until(agrees, "agreement", seconds)
    except AssertionError:
        raise AssertionError(f"not within {seconds:g} s: " + "; ".join(last)) from None


def differences(host: Host, system: System) -> list[str]:
    """Every disagreement in words; none when all agree."""
    try:
        statistics = host.ask(request="statistics")
        truth = system.as_user(_truth)._replace(statistics=statistics["sessions"])
        layout = system.layout()
    except (RequestError, KeyError, OSError) as error:
        return [f"cannot be asked: {error!r}"]
    if not truth.listing.session_ids() <= truth.statistics.keys():
        return ["the host changed between two questions"]
    return [
        *_layout(truth, layout),
        *_workers(truth, layout, system),
        *_leavings(truth, system),
        *_manners(truth, statistics["recent_coprocesses"]),
    ]


async def _truth(link: Link) -> Truth:
    listing = read_listing(await iterm2_look.list_sessions(link))
    focus = read_focus(await iterm2_look.get_focus(link), listing)
    names = ("columns", "rows", "presentationName", "path", "jobName", "tty")
    variables = {name: await iterm2_look.get_variables(link, name, names) for name in sorted(listing.session_ids())}
    return Truth(listing, focus, variables, {})


# --- the model ---


def _layout(truth: Truth, layout: Layout) -> Iterator[str]:
    listing, focus = truth.listing, truth.focus
    if layout.iterm2.state != "connected":
        yield f"iTerm2 is {layout.iterm2.state}"
    wanted = [(window.window_id, [(tab.tab_id, _tree(tab.root)) for tab in window.tabs]) for window in listing.windows]
    found = [(window.window_id, [(tab.tab_id, _tree(tab.root)) for tab in window.tabs]) for window in layout.windows]
    if wanted != found:
        yield f"windows are {wanted}, told {found}"
    buried = ([pane.session_id for pane in listing.buried], [session.session_id for session in layout.buried])
    if buried[0] != buried[1]:
        yield f"buried are {buried[0]}, told {buried[1]}"
    if listing.windows and layout.active_window_id != focus.window_id:
        yield f"the window in front is {focus.window_id}, told {layout.active_window_id}"
    for window in layout.windows:
        if window.selected_tab_id != focus.tabs.get(window.window_id):
            yield f"the tab in front of {window.window_id} is told as {window.selected_tab_id}"
        for tab in window.tabs:
            if tab.active_session_id != focus.sessions.get(tab.tab_id):
                yield f"the active session of tab {tab.tab_id} is told as {tab.active_session_id}"
    for session in sessions_of(layout):
        variables = truth.variables.get(session.session_id, {})
        told = [session.columns, session.rows, session.title, session.path, session.job, session.tty]
        if told != list(variables.values()):
            yield f"session {session.session_id} has {variables}, told {session}"


def _tree(node: Node | Split) -> list[object]:
    children = (
        child.session_id if isinstance(child, (Pane, Session)) else _tree(child)  # type: ignore[arg-type]
        for child in node.children
    )
    return [node.vertical, *children]


# --- workers and coprocesses ---


def _workers(truth: Truth, layout: Layout, system: System) -> Iterator[str]:
    states = system.states()
    told = {session.session_id: session for session in sessions_of(layout)}
    wanted = {name for name in truth.listing.session_ids() if not _is_foreign(truth, name)}
    # Its program has ended: by its state alone a buried one does not say so.
    optional = {name for name in wanted if truth.statistics[name]["pid"] is None}
    if not wanted - optional <= states.keys() <= wanted:
        yield f"workers are wanted for {sorted(wanted)}, there are {states}"
    if set(states.values()) - {"RUNNING"}:
        yield f"workers are {states}"
    for name in told.keys() & truth.listing.session_ids() - optional:
        session, has_ours = told[name], truth.statistics[name]["coprocess"] is not None and name in wanted
        if session.attached is not has_ours or (_is_foreign(truth, name) and session.reason != FOREIGN):
            yield f"session {name} is told as {session}, its coprocess is {truth.statistics[name]['coprocess']}"
        if not session.attached and session.reason not in (FOREIGN, STOPPED):
            yield f"session {name} is not attached: {session.reason}"


def _is_foreign(truth: Truth, session_id: str) -> bool:
    coprocess = truth.statistics[session_id]["coprocess"]
    return coprocess is not None and "shim.py" not in coprocess["command"]


# --- what must not be left behind ---


def _leavings(truth: Truth, system: System) -> Iterator[str]:
    listed = truth.listing.session_ids()
    states = system.states().keys()
    for path in system.paths.root.rglob("*-*-*-*-*"):
        name = path.name.removeprefix("pty-").lstrip(".")[:36]
        if name not in states:
            yield f"{path} is left behind"
    workers = [arguments[-1] for arguments in _commands(system) if "workers.pty" in arguments]
    if sorted(workers) != sorted(states):
        yield f"there are processes of workers for {sorted(workers)}, supervisord has {sorted(states)}"
    shims = [arguments for arguments in _commands(system) if any("shim.py" in argument for argument in arguments)]
    ours = [name for name, facts in truth.statistics.items() if facts["coprocess"] and not _is_foreign(truth, name)]
    if len(shims) > len(ours):
        yield f"there are {len(shims)} shims for {len(ours)} sessions, of which {len(listed)} are listed"


def _manners(truth: Truth, recent: list[str]) -> Iterator[str]:
    """What the user would see of us in iTerm2's own windows."""
    if len([command for command in recent if "shim.py" in command]) > 1:
        yield f"iTerm2's list of recent coprocesses is {recent}"
    for name, facts in truth.statistics.items():
        if any("shim.py" in announcement["command"] for announcement in facts["announcements"]):
            yield f"session {name} shows {facts['announcements']}"


def _commands(system: System) -> list[list[str]]:
    found = []
    for process in processes_of(system.home):
        try:
            found.append(process.cmdline())
        except psutil.NoSuchProcess:
            continue
    return found
