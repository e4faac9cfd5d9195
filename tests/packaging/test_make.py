"""The Makefile's advice to somebody whose machine lacks something."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bus.paths import CODE


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What `make setup` looks at, and nothing set up yet."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(CODE / name, folder)
    return folder


def make(checkout: Path, path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs make with nothing on the PATH but a few tools and what is linked in `path`."""
    path.mkdir(exist_ok=True)
    for tool in ("make", "sh", "touch", "rm", "find"):
        found = shutil.which(tool)
        assert found
        if not (path / tool).exists():
            (path / tool).symlink_to(found)
    return subprocess.run(
        [str(path / "make"), *arguments],
        cwd=checkout,
        env={"PATH": str(path), "HOME": str(checkout)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def script(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_no_python(checkout: Path, tmp_path: Path) -> None:
    done = make(checkout, tmp_path / "bin", "setup")
    assert done.returncode != 0
    assert "itermbus needs Python 3.11 or newer" in done.stderr
    assert not (checkout / ".venv").exists()


def test_only_an_old_python(checkout: Path, tmp_path: Path) -> None:
    script(tmp_path / "bin" / "python3", "exit 1")
    done = make(checkout, tmp_path / "bin", "setup")
    assert done.returncode != 0
    assert "itermbus needs Python 3.11 or newer" in done.stderr


def test_a_python_that_is_called_python3_and_cannot_make_environments(checkout: Path, tmp_path: Path) -> None:
    script(tmp_path / "bin" / "python3", 'case "$2" in *ensurepip*) exit 1;; esac')
    done = make(checkout, tmp_path / "bin", "setup")
    assert done.returncode != 0
    assert "python3 cannot make an environment" in done.stderr


def test_no_node(checkout: Path, tmp_path: Path) -> None:
    done = make(checkout, tmp_path / "bin", "test")
    assert done.returncode != 0
    assert "there is no node on the PATH" in done.stderr
    assert not (checkout / ".venv").exists()


def test_setup_is_quick_when_nothing_changed(checkout: Path, tmp_path: Path) -> None:
    stamp = checkout / ".venv" / ".set-up"
    stamp.parent.mkdir()
    stamp.touch()
    later = (checkout / "pyproject.toml").stat().st_mtime + 10
    os.utime(stamp, (later, later))
    done = make(checkout, tmp_path / "bin", "setup")
    assert done.returncode == 0, done.stderr
    os.utime(checkout / "pyproject.toml", (later + 10, later + 10))
    assert make(checkout, tmp_path / "bin", "setup").returncode != 0, "it did not look for a Python again"
