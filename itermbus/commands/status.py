"""`itermbus status`: what runs, what does not, and what to do about it."""

from datetime import timedelta

from rich.console import Console
from rich.text import Text

from bus import paths as run_time
from bus.paths import Paths
from itermbus.console import console, print_json, table
from itermbus.report import Iterm2, Process, Report, SessionRow, gather


def run(as_json: bool) -> int:
    """Prints the state of this home folder's instance; the exit code says it too. Raises `SetupError`."""
    paths = Paths.of_home()
    if paths.root.exists():
        run_time.check(paths)
    report = gather(paths)
    if as_json:
        print_json(report)
    elif not report.running:
        console().print("itermbus is not running. `itermbus up` starts it.")
    else:
        _show(console(), report)
    return report.exit_code


def _show(out: Console, report: Report) -> None:
    _show_processes(out, report.processes)
    out.print()
    _show_iterm2(out, report.iterm2)
    if report.sessions is not None:
        _show_sessions(out, report.sessions)
    out.print(f"\nGateway  {report.gateway}", markup=False)
    for problem in report.problems:
        out.print(Text(f"Problem  {problem}", style="red"))


def _show_processes(out: Console, processes: list[Process]) -> None:
    rows = table(out, "PROCESS", "STATE", "PID", "UPTIME", "REASON")
    for p in processes:
        style = "green" if p.state == "RUNNING" else "red"
        uptime = str(timedelta(seconds=p.uptime)) if p.uptime is not None else "-"
        rows.add_row(Text(p.name), Text(p.state, style=style), str(p.pid or "-"), uptime, Text(p.reason or ""))
    out.print(rows)


def _show_iterm2(out: Console, iterm2: Iterm2 | None) -> None:
    if iterm2 is None:
        out.print("iTerm2   unknown: the broker does not answer")
        return
    version = f" {iterm2.version}" if iterm2.version else ""
    out.print(Text(f"iTerm2   {iterm2.state.replace('_', ' ')}{version} {iterm2.reason}".rstrip()))
    if iterm2.advice:
        out.print(Text(f"         {iterm2.advice}"))


def _show_sessions(out: Console, sessions: list[SessionRow]) -> None:
    if not sessions:
        return
    out.print()
    rows = table(out, "SESSION", "SIZE", "ATTACHED", "TITLE")
    for s in sessions:
        attached = "yes" if s.attached else f"no: {s.reason or 'not yet'}"
        rows.add_row(s.session_id, f"{s.columns}x{s.rows}", Text(attached), Text(_printable(s.title)))
    out.print(rows)


def _printable(title: str) -> str:
    """A title is the session's own: whatever could steer a terminal is taken out."""
    return "".join(c if c.isprintable() else "?" for c in title)
