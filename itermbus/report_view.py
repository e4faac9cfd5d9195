"""A report as tables, for `status` and `top`."""

from collections.abc import Iterator, Mapping

from rich.console import Console, RenderableType
from rich.text import Text

from itermbus import sizes
from itermbus.console import table
from itermbus.report import Iterm2, Process, Report, SessionRow

NOT_RUNNING = "itermbus is not running. `itermbus up` starts it."


def lines(out: Console, report: Report, cpu: Mapping[str, float] | None = None) -> Iterator[RenderableType]:
    """What to print, from top to bottom. `cpu`: the percentage of a core that each process takes, where it is known."""
    if not report.running:
        yield Text(NOT_RUNNING)
        return
    yield _processes(out, report.processes, cpu)
    yield Text("")
    yield from _iterm2(report.iterm2)
    if report.sessions:
        yield Text("")
        yield sessions(out, report.sessions)
    clients = "" if report.clients is None else f"  {report.clients} client{'' if report.clients == 1 else 's'}"
    yield Text(f"\nGateway  {report.gateway}{clients}")
    for problem in report.problems:
        yield Text(f"Problem  {problem}", style="red")


def sessions(out: Console, rows: list[SessionRow]) -> RenderableType:
    """One line a session."""
    made = table(out, "SESSION", "SIZE", "ATTACHED", "OUT", "RATE", "IN", "VIEWERS", "RING", "TITLE")
    for s in rows:
        made.add_row(
            s.session_id,
            f"{s.columns}x{s.rows}",
            Text("yes" if s.attached else f"no: {s.reason or 'not yet'}", style="green" if s.attached else "yellow"),
            sizes.of_bytes(s.output_bytes),
            sizes.of_rate(s.output_rate),
            sizes.of_bytes(s.input_bytes),
            sizes.of_count(s.viewers),
            sizes.of_share(s.ring_used, s.ring_bytes),
            Text(printable(s.title)),
        )
    return made


def printable(title: str) -> str:
    """A title is the session's own: whatever could steer a terminal is taken out."""
    return "".join(c if c.isprintable() else "?" for c in title)


def _processes(out: Console, processes: list[Process], cpu: Mapping[str, float] | None) -> RenderableType:
    made = table(out, "PROCESS", "STATE", "PID", "UPTIME", "RESTARTS", "MEMORY", "CPU", "REASON")
    for p in processes:
        made.add_row(
            Text(p.name),
            Text(p.state, style="green" if p.state == "RUNNING" else "red"),
            sizes.of_count(p.pid),
            sizes.of_seconds(p.uptime),
            str(p.restarts),
            sizes.of_bytes(p.memory_bytes),
            _cpu(p, cpu),
            Text(p.reason or ""),
        )
    return made


def _cpu(process: Process, cpu: Mapping[str, float] | None) -> str:
    if cpu is not None:
        return f"{cpu[process.name]:.1f}%" if process.name in cpu else "-"
    return "-" if process.cpu_seconds is None else f"{process.cpu_seconds:.1f} s"


def _iterm2(iterm2: Iterm2 | None) -> Iterator[RenderableType]:
    if iterm2 is None:
        yield Text("iTerm2   unknown: the broker does not answer")
        return
    version = f" {iterm2.version}" if iterm2.version else ""
    yield Text(f"iTerm2   {iterm2.state.replace('_', ' ')}{version} {iterm2.reason}".rstrip())
    if iterm2.advice:
        yield Text(f"         {iterm2.advice}")
