"""The shape of the project: a folder is a process or a contract, and processes share only `bus/`."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: Folder -> the folders of ours that it may import.
ALLOWED = {
    "bus": {"bus"},
    "broker": {"bus", "broker"},
    "workers/pty": {"bus", "workers.pty"},
    "workers/gateway": {"bus", "workers.gateway"},
    "headless": {"bus", "headless"},
    "itermbus": {"bus", "itermbus"},
    "coprocess": {"bus", "coprocess"},
}
OURS = {"bus", "broker", "workers", "headless", "itermbus", "coprocess"}


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


@pytest.mark.parametrize("folder", ALLOWED)
def test_processes_share_only_the_bus(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        for name in _imports(path):
            if name.split(".")[0] in OURS:
                assert any(name == root or name.startswith(root + ".") for root in ALLOWED[folder]), f"{path}: {name}"


def test_the_shim_needs_the_standard_library_only() -> None:
    """And modules of ours that need no more: it runs beside every session, without site-packages."""
    waiting, seen = ["coprocess.shim"], set()
    while waiting:
        module = waiting.pop()
        seen.add(module)
        path = ROOT.joinpath(*module.split("."))
        for name in _imports(path / "__init__.py" if path.is_dir() else path.with_suffix(".py")):
            if name.split(".")[0] in OURS:
                waiting += [name] if name not in seen else []
            else:
                assert name.split(".")[0] in sys.stdlib_module_names, f"{module}: {name}"


def test_only_one_module_of_the_broker_family_imports_iterm2() -> None:
    """The package keeps its state in modules and classes: it stays behind one door."""
    importers = {
        path.relative_to(ROOT).as_posix()
        for folder in ("broker", "workers", "bus", "itermbus")
        for path in (ROOT / folder).rglob("*.py")
        for name in _imports(path)
        if name.split(".")[0] == "iterm2"
    }
    assert all(Path(path).name.startswith("iterm2_") and path.startswith("broker/") for path in importers)
