"""The Makefile's advice to somebody whose machine lacks something."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bus.paths import CODE
from tests.itermbus.support import Client, new_home, wait_until
from tests.itermbus.typing_client import type_and_read


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


def test_no_tmux(checkout: Path, tmp_path: Path) -> None:
    script(tmp_path / "bin" / "node", "exit 0")
    done = make(checkout, tmp_path / "bin", "test")
    assert done.returncode != 0
    assert "there is no tmux on the PATH" in done.stderr
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


def test_run_starts_everything_and_ctrl_c_stops_it() -> None:
    stamp = CODE / ".venv" / ".set-up"
    if not stamp.exists() or stamp.stat().st_mtime < (CODE / "pyproject.toml").stat().st_mtime:
        pytest.skip("this environment was not made by `make setup`")
    with new_home() as home:
        # Ctrl-C on a terminal goes to the whole process group: here to make and all it started.
        leader = "import os, sys; os.setsid(); os.execvp('make', ['make', '-C', sys.argv[1], 'run'])"
        process = home.spawn([sys.executable, "-c", leader, str(CODE)])
        said = "The gateway listens at"
        wait_until(lambda: process.poll() is not None or said in home.output.read_text(), "make run")
        assert process.poll() is None, home.output.read_text()
        if sys.platform != "darwin":
            assert "the headless host stands in for it" in home.output.read_text()
        with Client(home.paths.gateway_socket) as client:
            type_and_read(client)
        os.killpg(process.pid, signal.SIGINT)
        process.wait(60)
        assert "itermbus is stopped." in home.output.read_text()
        assert home.processes() == []
        assert home.sockets() == []
