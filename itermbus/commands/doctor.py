"""`itermbus doctor`: what is wrong with this set-up, and what to do about it."""

from rich.console import Console
from rich.text import Text

from bus.paths import Paths
from itermbus import exit_codes
from itermbus.console import console, print_json, table
from itermbus.doctor.examination import examine
from itermbus.doctor.finding import Finding

_STYLES = {"ok": "green", "note": "cyan", "warning": "yellow", "problem": "red"}


def run(as_json: bool, with_round_trip: bool) -> int:
    """Prints what was found; the exit code says whether anything is wrong. Raises `SetupError` without a HOME."""
    findings = [*examine(Paths.of_home(), with_round_trip)]
    wrong = sum(finding.state == "problem" for finding in findings)
    code = exit_codes.FAILURE if wrong else exit_codes.OK
    if as_json:
        print_json({"exit_code": code, "problems": wrong, "findings": findings})
    else:
        _show(console(), findings, wrong)
    return code


def _show(out: Console, findings: list[Finding], wrong: int) -> None:
    rows = table(out, "CHECK", "STATE", "FOUND")
    for finding in findings:
        rows.add_row(finding.check, Text(finding.state, style=_STYLES[finding.state]), Text(finding.text))
        if finding.fix and finding.state != "ok":
            rows.add_row("", "", Text(f"-> {finding.fix}", style="bold" if finding.state == "problem" else ""))
    out.print(rows)
    count = {0: "Nothing is wrong.", 1: "One problem."}.get(wrong, f"{wrong} problems.")
    out.print(f"\n{count}")
