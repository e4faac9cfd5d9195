"""What `status` knows, judged: the processes, iTerm2, and the sessions that are not attached."""

from collections import defaultdict
from collections.abc import Iterator

from itermbus.doctor.finding import Finding, note, ok, problem, warning
from itermbus.report import Report

_PROCESSES = "processes"
_RESTARTS = "restarts"
_ITERM2 = "iTerm2 connection"
_SESSIONS = "sessions"

#: Restarts of one process since supervisord started that are more than bad luck.
_MANY = 5

#: Why a session is not attached, as the broker words it -> what can be done.
_FIXES = {
    "another coprocess is running": "Its slot is taken by a coprocess of the user's or of a trigger (ZMODEM). "
    "Session > Stop Coprocess in iTerm2 frees it. Until then it is shown by its screen.",
    "its coprocess was stopped by the user": "A client can attach it again (`attach`); a new session is attached.",
    "a web page, not a terminal": "Nothing: there are no bytes.",
    "a tmux gateway: tmux's own protocol, not a terminal": "Nothing: its panes are sessions of their own.",
    "too many sessions are streamed already": "Raise broker.sessions in config.toml, or close some.",
}
_EXPECTED = frozenset({"a web page, not a terminal", "a tmux gateway: tmux's own protocol, not a terminal"})


def check(report: Report) -> list[Finding]:
    """`report` as `status` has it."""
    if not report.running:
        return [warning(_PROCESSES, "itermbus is not running", "itermbus up, or at every login: itermbus install")]
    return [*_check_processes(report), *_check_iterm2(report), *_check_sessions(report)]


def _check_processes(report: Report) -> Iterator[Finding]:
    for text in report.problems:
        if not text.startswith("iTerm2 is not connected"):
            yield problem(_PROCESSES, text, "itermbus logs says why; then: itermbus restart all")
    if not report.problems:
        yield ok(_PROCESSES, f"{len(report.processes)} run")
    often = [f"{p.name} ({p.restarts})" for p in report.processes if p.restarts >= _MANY]
    if often:
        yield warning(_RESTARTS, f"started again and again: {', '.join(often[:5])}", "itermbus logs NAME says why.")


def _check_iterm2(report: Report) -> Iterator[Finding]:
    iterm2 = report.iterm2
    if iterm2 is None:
        return
    if iterm2.state == "connected":
        yield ok(_ITERM2, f"connected, API version {iterm2.version}")
    else:
        text = f"{iterm2.state.replace('_', ' ')}: {iterm2.reason}".removesuffix(": ")
        yield problem(_ITERM2, text, iterm2.advice)


def _check_sessions(report: Report) -> Iterator[Finding]:
    if report.sessions is None:
        return
    by_reason: dict[str, list[str]] = defaultdict(list)
    for session in report.sessions:
        if not session.attached:
            by_reason[session.reason or "not yet"].append(session.session_id[:8])
    for reason, ids in by_reason.items():
        found = note if reason in _EXPECTED else warning
        text = f"not attached: {', '.join(ids[:5])}{' ...' if len(ids) > 5 else ''}: {reason}"
        yield found(_SESSIONS, text, _FIXES.get(reason, "Wait a moment; itermbus status has the details."))
    if not by_reason:
        yield ok(_SESSIONS, f"{len(report.sessions)}, all attached")
