"""docs/limits.md and the code say the same, and the page leaves out no limit."""

import ast
import importlib
import re
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parents[1]

#: How a module-level constant that bounds something is named.
_NAMES = re.compile(
    r"_BYTES$|_MOST$|_AT_ONCE$|^_?MAX_|_HWM$|_BACKLOG$|_PER_TURN$|_LONGEST$|_PENDING|^MOST_|_SESSIONS$|_CHARACTERS$|_LINES$"
)
_ROW = re.compile(r"\| `([a-z0-9_.A-Z]+)` \| ([0-9.,]+)( [KMG]iB)? \|")
_UNITS = {"": 1, " KiB": 2**10, " MiB": 2**20, " GiB": 2**30}


def _page() -> dict[str, float]:
    text = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
    return {name: float(number.replace(",", "")) * _UNITS[unit] for name, number, unit in _ROW.findall(text)}


def _value(name: str) -> object:
    holder, _, last = name.rpartition(".")
    try:
        return getattr(importlib.import_module(holder), last)
    except ModuleNotFoundError:
        module, _, section = holder.rpartition(".")
        settings = getattr(importlib.import_module(module), section)
        return next(field.default for field in msgspec.structs.fields(settings) if field.name == last)


def _in_the_code() -> set[str]:
    found = set()
    for folder in ("bus", "broker", "workers", "coprocess", "headless", "itermbus"):
        for path in (ROOT / folder).rglob("*.py"):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                match node:
                    case ast.Assign(targets=[ast.Name(id=name)]) if _NAMES.search(name):
                        found.add(f"{module}.{name}")
    return {name for name in found if isinstance(_value(name), int | float)}


@pytest.mark.parametrize("name", sorted(_page()))
def test_the_page_says_what_is_in_force(name: str) -> None:
    if name in ("bus.paths.SOCKET_PATH_BYTES", "headless.paths.MAX_SOCKET_PATH"):
        assert _value(name) in (103, 107)
    else:
        assert _value(name) == _page()[name]


def test_the_page_leaves_out_none() -> None:
    assert _in_the_code() - _page().keys() == set(), "add what happens at it to docs/limits.md"


def test_every_setting_with_a_bound_in_bytes_or_number_is_there() -> None:
    from bus import config

    for section in (config.Gateway, config.Worker, config.Broker):
        for field in msgspec.structs.fields(section):
            if isinstance(field.default, int) and not isinstance(field.default, bool):
                assert f"bus.config.{section.__name__}.{field.name}" in _page()
