"""What `status` knows: gathered here, shown by `commands/status.py`. Its fields are the keys of `status --json`."""

from collections.abc import Iterator
from contextlib import suppress

import msgspec
import zmq

from bus import rpc
from bus.errors import ItermbusError, UnsupportedVersion
from bus.messages import GetLayout, Layout, LayoutResult, Session, Split
from bus.paths import Paths
from itermbus import answering, exit_codes, instance
from itermbus.supervisor_client import ProcessInfo, SupervisorClient, SupervisorUnreachable

#: Seconds that the broker has for its answer.
_BROKER = 2.0

#: What the user can do about each state of iTerm2.
ADVICE = {
    "not_installed": "Install iTerm2, or use the headless host: itermbus up --headless",
    "not_running": "Start iTerm2.",
    "api_disabled": "In iTerm2, switch on: Settings > General > Magic > Enable Python API.",
    "waiting_for_authorisation": "macOS asks whether iTerm2 may be controlled: allow it, "
    "or later in System Settings > Privacy & Security > Automation.",
    "refused": "Allow it in System Settings > Privacy & Security > Automation, then: itermbus restart broker",
    "connected": "",
    "lost": "It is tried again; start iTerm2 if it was quit.",
}


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """One process. `uptime` is seconds; `reason` says why it does not run."""

    name: str
    state: str
    pid: int | None
    uptime: int | None
    reason: str | None


class Iterm2(msgspec.Struct, frozen=True, kw_only=True):
    """The broker's connection to iTerm2, and what to do about it."""

    state: str
    version: str | None
    reason: str
    advice: str


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One session. `reason` says why it is not attached."""

    session_id: str
    title: str
    columns: int
    rows: int
    attached: bool
    reason: str | None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """`iterm2` and `sessions` are None when the broker does not answer; `since` is seconds since 1970."""

    running: bool
    exit_code: int
    pid: int | None = None
    since: float | None = None
    gateway: str
    processes: list[Process] = []
    iterm2: Iterm2 | None = None
    sessions: list[SessionRow] | None = None
    problems: list[str] = []


def gather(paths: Paths) -> Report:
    """Everything that can be told at this moment; it never raises for a part that does not answer."""
    running = instance.find(paths) if paths.run.exists() else None
    if running is None:
        return Report(running=False, exit_code=exit_codes.NOT_RUNNING, gateway=str(paths.gateway_socket))
    problems: list[str] = []
    processes = _processes(paths, problems)
    problems += answering.other_versions(paths, [p.name for p in processes if p.is_running])
    layout = _layout(paths, processes, problems)
    iterm2 = _iterm2(layout, problems)
    return Report(
        running=True,
        exit_code=exit_codes.DEGRADED if problems else exit_codes.OK,
        pid=running.pid,
        since=running.since,
        gateway=str(paths.gateway_socket),
        processes=[_process(p) for p in processes],
        iterm2=iterm2,
        sessions=[_session(s) for s in _sessions(layout)] if layout is not None else None,
        problems=problems,
    )


def _processes(paths: Paths, problems: list[str]) -> list[ProcessInfo]:
    try:
        processes = SupervisorClient(paths.supervisor_socket).processes()
    except SupervisorUnreachable as error:
        problems.append(str(error))
        return []
    for process in processes:
        if not process.is_running and process.statename != "STARTING":  # a new session's worker, for a second
            problems.append(f"{process.name} does not run ({process.statename.lower()}). {process.why_not}".strip())
    return processes


def _layout(paths: Paths, processes: list[ProcessInfo], problems: list[str]) -> Layout | None:
    if not any(p.name == "broker" and p.is_running for p in processes):
        return None
    with zmq.Context() as context, rpc.Client(context, paths.broker_rpc) as broker, suppress(ItermbusError):
        try:
            return broker.call(GetLayout(), LayoutResult, seconds=_BROKER)[0].layout
        except UnsupportedVersion as error:
            problems.append(str(error))
            return None
    problems.append(f"the broker did not answer within {_BROKER:g} s")
    return None


def _iterm2(layout: Layout | None, problems: list[str]) -> Iterm2 | None:
    if layout is None:
        return None
    status = layout.iterm2
    if status.state != "connected":
        problems.append(f"iTerm2 is not connected: {status.reason or status.state.replace('_', ' ')}")
    return Iterm2(state=status.state, version=status.version, reason=status.reason, advice=ADVICE.get(status.state, ""))


def _process(info: ProcessInfo) -> Process:
    return Process(
        name=info.name,
        state=info.statename,
        pid=info.pid or None,
        uptime=info.uptime,
        reason=info.why_not or None,
    )


def _session(session: Session) -> SessionRow:
    return SessionRow(
        session_id=session.session_id,
        title=session.title,
        columns=session.columns,
        rows=session.rows,
        attached=session.attached,
        reason=session.reason,
    )


def _sessions(layout: Layout) -> Iterator[Session]:
    """All sessions in the order of windows, tabs and panes, then the buried ones."""
    for window in layout.windows:
        for tab in window.tabs:
            yield from _leaves(tab.root)
    yield from layout.buried


def _leaves(node: Split | Session) -> Iterator[Session]:
    if isinstance(node, Session):
        yield node
    else:
        for child in node.children:
            yield from _leaves(child)
