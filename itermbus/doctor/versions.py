"""Python and the packages: new enough, and all there."""

import re
from collections.abc import Iterable, Mapping
from importlib import metadata

from itermbus.doctor.finding import Finding, ok, problem

_CHECK = "packages"
_REQUIREMENT = re.compile(r"([A-Za-z0-9_.-]+)[^;>]*>=\s*([0-9][0-9.]*)")


def check() -> list[Finding]:
    """The requirements of this installation against what is installed."""
    try:
        required = metadata.requires("itermbus") or []
    except metadata.PackageNotFoundError:
        return [problem(_CHECK, "itermbus is not installed in this Python", "pipx install itermbus, or make setup")]
    wanted = [text for text in required if "extra ==" not in text]
    return judge(wanted, {name: _installed(name) for name in map(_name, wanted)})


def judge(required: Iterable[str], installed: Mapping[str, str | None]) -> list[Finding]:
    """`required` as the metadata has it ("psutil>=6"); `installed`: name -> version, None for a missing one."""
    wrong = []
    count = 0
    for text in required:
        match = _REQUIREMENT.match(text)
        name, least = (match[1], match[2]) if match else (_name(text), "0")
        found = installed.get(name)
        count += 1
        if found is None:
            wrong.append(f"{name} is missing")
        elif _numbers(found) < _numbers(least):
            wrong.append(f"{name} is {found}, and {least} is needed")
    if wrong:
        return [problem(_CHECK, "; ".join(wrong), "Install itermbus again: pipx reinstall itermbus, or make setup")]
    return [ok(_CHECK, f"all {count} are there, and new enough")]


def _name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9_.-]", requirement, maxsplit=1)[0]


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:4])
