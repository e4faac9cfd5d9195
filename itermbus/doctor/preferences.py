"""What iTerm2's preferences say: whether its API is on, and which profiles will want the coprocess slot.

Their keys are iTerm2's own (sources/Settings/iTermPreferences.m:739, sources/Settings/Profiles/ITAddressBookMgr.h).
"""

import plistlib
from collections.abc import Iterator, Mapping

from itermbus import tools
from itermbus.doctor.finding import Finding, note, ok, problem, warning
from itermbus.service import Run

_API = "iTerm2 API"
_TRIGGERS = "coprocess triggers"
_PROFILES = "profiles"

#: `defaults` asks the system's cache, which is newer than the file.
_EXPORT = ("/usr/bin/defaults", "export", "com.googlecode.iterm2", "-")

_FIX_API = "In iTerm2, switch on: Settings > General > Magic > Enable Python API."


def check(run: Run = tools.run) -> list[Finding]:
    """On a Mac only. (Could not be run where this is tested; `judge` was.)"""
    answer = run(_EXPORT)
    try:
        preferences = plistlib.loads(answer.text.encode()) if answer.ok else None
    except (ValueError, plistlib.InvalidFileException):
        preferences = None
    if not isinstance(preferences, dict):
        return [warning(_API, "iTerm2's preferences could not be read", _FIX_API)]
    return judge(preferences)


def judge(preferences: Mapping[str, object]) -> list[Finding]:
    """All that the preferences tell."""
    on = bool(preferences.get("EnableAPIServer"))  # off unless it says otherwise
    return [
        ok(_API, "enabled") if on else problem(_API, "the Python API is off", _FIX_API),
        *_check_triggers(preferences),
        *_check_kinds(preferences),
    ]


def _check_triggers(preferences: Mapping[str, object]) -> Iterator[Finding]:
    names = [
        name
        for name, profile in _profiles(preferences)
        if any("CoprocessTrigger" in action for action in _actions(profile))
    ]
    if names:
        text = f"these profiles start a coprocess by a trigger, as ZMODEM does: {', '.join(names[:5])}"
        fix = "A session has one slot: while itermbus is in it, the trigger fails. Detach that session, or the trigger."
        yield warning(_TRIGGERS, text, fix)
    else:
        yield ok(_TRIGGERS, "none")


def _check_kinds(preferences: Mapping[str, object]) -> Iterator[Finding]:
    kinds: dict[str, list[str]] = {"Browser": [], "SSH": []}
    for name, profile in _profiles(preferences):
        kind = profile.get("Custom Command")
        if kind in kinds:
            kinds[str(kind)].append(name)
    if kinds["Browser"]:
        yield note(_PROFILES, f"web pages, not terminals: {', '.join(kinds['Browser'][:5])}", "They are not streamed.")
    if kinds["SSH"]:
        text = f"with SSH integration: {', '.join(kinds['SSH'][:5])}"
        yield note(_PROFILES, text, "Streamed as others are; input to them is not slowed by the far side.")


def _profiles(preferences: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    profiles = preferences.get("New Bookmarks")
    for profile in profiles if isinstance(profiles, list) else []:
        if isinstance(profile, dict):
            name = str(profile.get("Name", "without a name"))
            yield "".join(c if c.isprintable() else "?" for c in name)[:60], profile


def _actions(profile: Mapping[str, object]) -> Iterator[str]:
    triggers = profile.get("Triggers")
    for trigger in triggers if isinstance(triggers, list) else []:
        if isinstance(trigger, dict):
            yield str(trigger.get("action", ""))
