"""A report and the processes' own figures in the format that Prometheus reads (`status --prometheus`).

The names follow its conventions: base units, `_total` for what only grows, the process or the session as a label.
Each figure of `bus.messages` becomes one metric by the tables below; a test walks them.
"""

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from bus.messages.stat import AnyFigures, BrokerFigures, GatewayFigures, HeadlessFigures, Stat, WorkerFigures
from itermbus.report import Report

#: Figure -> the metric's name after the process's kind, and what it means. Names in `_total` are counters.
WORKER = {
    "attached": ("attached", "Whether the session's coprocess is attached."),
    "output_bytes": ("output_bytes_total", "Bytes that the session printed."),
    "output_rate": ("output_bytes_per_second", "Bytes printed in the last second."),
    "frames": ("frames_total", "Frames published."),
    "drain_lag": ("drain_lag_seconds", "The longest time of late for which the pipe was not looked at."),
    "ring_bytes": ("ring_bytes", "The ring's size."),
    "ring_used": ("ring_used_bytes", "Bytes that can be replayed."),
    "input_bytes": ("input_bytes_total", "Bytes typed into the session."),
    "inputs": ("inputs_total", "Pieces of input taken."),
    "inputs_refused": ("inputs_refused_total", "Pieces of input refused."),
    "input_waiting_bytes": ("input_waiting_bytes", "Bytes of input that the session's program has not read yet."),
    "replays": ("replays_total", "Replays given."),
    "damaged": ("rings_damaged_total", "Rings that had to begin anew."),
    "malformed": ("malformed_total", "Messages that could not be read."),
}
GATEWAY = {
    "clients": ("clients", "Clients connected."),
    "streams": ("streams", "Sessions followed."),
    "frames": ("frames_total", "Frames received."),
    "frame_bytes": ("frame_bytes_total", "Bytes in them."),
    "gaps": ("gaps_total", "Holes in the frames, which the rings fill."),
    "resyncs": ("resyncs_total", "Streams that went on elsewhere, with fresh screens."),
    "queued_bytes": ("queued_bytes", "Bytes that wait for clients."),
    "queue_peak_bytes": ("queue_peak_bytes", "The most that ever waited for one client."),
    "backlogs_dropped": ("backlogs_dropped_total", "Backlogs of slow clients that were dropped."),
    "sent_bytes": ("sent_bytes_total", "Bytes sent to clients."),
    "malformed": ("malformed_total", "Messages that could not be read."),
}
BROKER = {
    "sessions": ("sessions", "Sessions known."),
    "attached": ("attached", "Sessions whose coprocess is attached."),
    "iterm2_connections": ("iterm2_connections_total", "Connections made to iTerm2."),
    "reconcile_rounds": ("reconcile_rounds_total", "Looks at iTerm2."),
    "snapshots": ("snapshots_total", "Screens read."),
    "snapshot_age": ("snapshot_age_seconds", "Time since the newest of them."),
    "screens_followed": ("screens_followed", "Sessions that are shown by their screens."),
    "screens_shown": ("screens_shown_total", "Screens sent unasked."),
    "offset_words_dropped": ("offset_words_dropped_total", "Sizes and prompts without a place in a stream."),
    "commands_answered": ("commands_answered_total", "Commands answered."),
    "malformed": ("malformed_total", "Messages that could not be read."),
}
HEADLESS = {
    "sessions": ("sessions", "Sessions of the host, closed ones that can be undone too."),
    "coprocesses": ("coprocesses", "Coprocesses of sessions."),
    "clients": ("clients", "Connections to its API."),
    "output_bytes": ("output_bytes_total", "Bytes that came from PTYs."),
    "coprocess_buffered_bytes": ("coprocess_buffered_bytes", "Bytes that wait for coprocesses."),
    "coprocess_peak_bytes": ("coprocess_peak_bytes", "The most that ever waited for one coprocess."),
    "emulator_waiting_bytes": ("emulator_waiting_bytes", "Bytes that wait for the emulator."),
    "emulator_shed_bytes": ("emulator_shed_bytes_total", "Bytes dropped since the emulator was behind."),
    "emulator_restarts": ("emulator_restarts_total", "Emulators that had to be replaced."),
}

#: What is no number: `session_id` is a label, the other two are metrics with a label of their own.
OTHERWISE = {"session_id", "viewers", "iterm2_state"}

_KINDS: tuple[tuple[str, type[AnyFigures], Mapping[str, tuple[str, str]]], ...] = (
    ("worker", WorkerFigures, WORKER),
    ("gateway", GatewayFigures, GATEWAY),
    ("broker", BrokerFigures, BROKER),
    ("headless", HeadlessFigures, HEADLESS),
)


def text(report: Report, figures: Mapping[str, Stat]) -> str:
    """The whole page. Titles are not in it."""
    registry = CollectorRegistry()
    registry.register(_Page([*_processes(report), *_usage(figures), *_state(report), *_figures(figures)]))
    return generate_latest(registry).decode("utf-8")


class _Page(Collector):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


def _metric(name: str, meaning: str, labels: list[str]) -> CounterMetricFamily | GaugeMetricFamily:
    kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
    return kind(f"itermbus_{name}", meaning, labels=labels)


def _processes(report: Report) -> Iterator[Metric]:
    up = _metric("process_up", "Whether the process runs.", ["process"])
    restarts = _metric("process_restarts_total", "Starts after the first, since supervisord started.", ["process"])
    memory = _metric("process_memory_bytes", "Memory in use, shared libraries counted in.", ["process"])
    uptime = _metric("process_uptime_seconds", "Time since its start.", ["process"])
    for process in report.processes:
        up.add_metric([process.name], process.state == "RUNNING")
        restarts.add_metric([process.name], process.restarts)
        if process.memory_bytes is not None:
            memory.add_metric([process.name], process.memory_bytes)
        if process.uptime is not None:
            uptime.add_metric([process.name], process.uptime)
    yield from (up, restarts, memory, uptime)


def _usage(figures: Mapping[str, Stat]) -> Iterator[Metric]:
    cpu = _metric("process_cpu_seconds_total", "Seconds of a core.", ["process"])
    peak = _metric("process_memory_peak_bytes", "The most memory so far.", ["process"])
    for name, stat in figures.items():
        cpu.add_metric([name], stat.usage.cpu_seconds)
        peak.add_metric([name], stat.usage.memory_peak_bytes)
    yield from (cpu, peak)


def _state(report: Report) -> Iterator[Metric]:
    running = _metric("up", "Whether itermbus runs.", [])
    running.add_metric([], report.running)
    yield running
    if report.iterm2 is not None:
        connected = _metric("iterm2_connected", "Whether iTerm2 is connected.", ["state"])
        connected.add_metric([report.iterm2.state], report.iterm2.state == "connected")
        yield connected
    if report.sessions is not None:
        viewers = _metric("session_viewers", "Clients that get the session's bytes.", ["session_id"])
        for session in report.sessions:
            if session.viewers is not None:
                viewers.add_metric([session.session_id], session.viewers)
        yield viewers


def _figures(figures: Mapping[str, Stat]) -> Iterator[Metric]:
    for kind, cls, names in _KINDS:
        found = [stat.figures for stat in figures.values() if isinstance(stat.figures, cls)]
        labels = ["session_id"] if cls is WorkerFigures else []
        for key, (name, meaning) in names.items():
            metric = _metric(f"{kind}_{name}", meaning, labels)
            for one in found:
                value = getattr(one, key)
                if value is not None:
                    metric.add_metric([one.session_id] if isinstance(one, WorkerFigures) else [], value)
            yield metric
