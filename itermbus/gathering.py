"""Asks everybody at once and puts the answers into a report. It never raises for a part that does not answer."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
import zmq

from bus.errors import ItermbusError, UnsupportedVersion
from bus.messages.layout import Layout, Session
from bus.messages.stat import GatewayFigures, Stat, WorkerFigures
from bus.paths import Paths
from bus.topics import WORKER_PREFIX
from itermbus import answering, exit_codes, instance, layout_reader, restart_counts, stats
from itermbus.report import ADVICE, Iterm2, Process, Report, SessionRow
from itermbus.supervisor_client import ProcessInfo, SupervisorClient, SupervisorUnreachable

#: A report, and what each process said of itself, by its name.
Gathered = tuple[Report, Mapping[str, Stat]]


def gather(paths: Paths) -> Gathered:
    """Everything that can be told at this moment."""
    with gatherer(paths) as look:
        return look.gather()


@contextmanager
def gatherer(paths: Paths) -> "Iterator[Gatherer]":
    """For one look after the other."""
    with zmq.Context() as context:
        made = Gatherer(paths, context)
        try:
            yield made
        finally:
            made.close()


class Gatherer:
    """Keeps its subscription from one look to the next."""

    def __init__(self, paths: Paths, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        self._paths = paths
        self._context = context
        self._reader: stats.StatReader | None = None
        self._endpoints: list[Path] = []

    def close(self) -> None:
        if self._reader is not None:
            self._reader.__exit__()
            self._reader = None

    def gather(self) -> Gathered:
        """What can be told now."""
        paths = self._paths
        running = instance.find(paths) if paths.run.exists() else None
        if running is None:
            return Report(running=False, exit_code=exit_codes.NOT_RUNNING, gateway=str(paths.gateway_socket)), {}
        problems: list[str] = []
        processes = _processes(paths, problems)
        names = {p.name for p in processes if p.is_running}
        reader = self._subscribe(names)
        problems += answering.other_versions(paths, names)
        layout = _layout(paths, names, problems)
        known = {p.name for p in processes}
        figures = {name: s for name, s in reader.read(stats.publishing(names)).items() if name in known}
        iterm2 = _iterm2(layout, problems)
        report = Report(
            running=True,
            exit_code=exit_codes.DEGRADED if problems else exit_codes.OK,
            pid=running.pid,
            since=running.since,
            gateway=str(paths.gateway_socket),
            clients=_clients(figures),
            processes=_with_restarts(paths, processes),
            iterm2=iterm2,
            sessions=None if layout is None else [_session(s, figures) for s in layout_reader.sessions(layout)],
            problems=problems,
        )
        return report, figures

    def _subscribe(self, names: set[str]) -> stats.StatReader:
        """Before everybody else is asked, so that the figures come meanwhile."""
        endpoints = stats.endpoints(self._paths, names)
        if self._reader is None or endpoints != self._endpoints:
            self.close()
            self._endpoints = endpoints
            self._reader = stats.StatReader(self._context, endpoints)
        return self._reader


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


def _layout(paths: Paths, names: set[str], problems: list[str]) -> Layout | None:
    if "broker" not in names:
        return None
    try:
        return layout_reader.ask(paths)
    except UnsupportedVersion as error:
        problems.append(str(error))
    except ItermbusError:
        problems.append(f"the broker did not answer within {layout_reader.SECONDS:g} s")
    return None


def _iterm2(layout: Layout | None, problems: list[str]) -> Iterm2 | None:
    if layout is None:
        return None
    status = layout.iterm2
    if status.state != "connected":
        problems.append(f"iTerm2 is not connected: {status.reason or status.state.replace('_', ' ')}")
    return Iterm2(state=status.state, version=status.version, reason=status.reason, advice=ADVICE.get(status.state, ""))


def _with_restarts(paths: Paths, processes: list[ProcessInfo]) -> list[Process]:
    restarts = restart_counts.read(paths.log / "supervisord.log")
    return [_process(info, restarts.get(info.name, 0)) for info in processes]


def _process(info: ProcessInfo, restarts: int) -> Process:
    memory, cpu = _used(info.pid) if info.is_running else (None, None)
    return Process(
        name=info.name,
        state=info.statename,
        pid=info.pid or None,
        uptime=info.uptime,
        restarts=restarts,
        memory_bytes=memory,
        cpu_seconds=cpu,
        reason=info.why_not or None,
    )


def _used(pid: int) -> tuple[int | None, float | None]:
    """Memory and seconds of a core, as the kernel counts them; the process's own word has only the peak."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            times = process.cpu_times()
            return process.memory_info().rss, round(times.user + times.system, 2)
    except psutil.Error:
        return None, None


def _clients(figures: Mapping[str, Stat]) -> int | None:
    stat = figures.get("gateway")
    return stat.figures.clients if stat is not None and isinstance(stat.figures, GatewayFigures) else None


def _session(session: Session, figures: Mapping[str, Stat]) -> SessionRow:
    worker = figures.get(WORKER_PREFIX + session.session_id)
    gateway = figures.get("gateway")
    mine = worker.figures if worker is not None and isinstance(worker.figures, WorkerFigures) else None
    viewers = gateway.figures.viewers if gateway is not None and isinstance(gateway.figures, GatewayFigures) else None
    return SessionRow(
        session_id=session.session_id,
        title=session.title,
        columns=session.columns,
        rows=session.rows,
        attached=session.attached,
        reason=session.reason,
        output_bytes=mine.output_bytes if mine else None,
        output_rate=mine.output_rate if mine else None,
        input_bytes=mine.input_bytes if mine else None,
        viewers=None if viewers is None else viewers.get(session.session_id, 0),
        ring_used=mine.ring_used if mine else None,
        ring_bytes=mine.ring_bytes if mine else None,
    )
