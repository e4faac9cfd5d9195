"""What a check found."""

from typing import Literal

import msgspec

State = Literal["ok", "note", "warning", "problem"]


class Finding(msgspec.Struct, frozen=True):
    """One line of the doctor's. `fix` says what the user can do; `problem` makes the exit code 1."""

    check: str
    state: State
    text: str
    fix: str = ""


def ok(check: str, text: str) -> Finding:
    """All well."""
    return Finding(check, "ok", text)


def note(check: str, text: str, fix: str = "") -> Finding:
    """Good to know; nothing is wrong."""
    return Finding(check, "note", text, fix)


def warning(check: str, text: str, fix: str) -> Finding:
    """It works, with less than there could be, or not for long."""
    return Finding(check, "warning", text, fix)


def problem(check: str, text: str, fix: str) -> Finding:
    """It does not work."""
    return Finding(check, "problem", text, fix)
