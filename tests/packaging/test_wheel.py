"""The wheel: what is in it, and the main job from a clean environment, far from the checkout."""

import fcntl
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bus.paths import CODE
from itermbus import exit_codes
from tests.itermbus.support import Client, Home, new_home, wait_until
from tests.itermbus.tools import Launcher
from tests.itermbus.typing_client import type_and_read

pytestmark = pytest.mark.timeout(600)


def run(*command: str | Path) -> str:
    done = subprocess.run([*map(str, command)], cwd="/", capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that all of pytest-xdist's workers share, each in turn: what the first one made, the next one finds."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "packaging"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with shared_folder(tmp_path_factory) as folder:
        if not list(folder.glob("*.whl")):
            run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, CODE)
        (built,) = folder.glob("*.whl")
        return built


@pytest.fixture(scope="session")
def bin_folder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment that holds the wheel and what it depends on, nothing else."""
    with shared_folder(tmp_path_factory) as folder:
        binaries = folder / "venv" / "bin"
        if not binaries.exists():
            run(sys.executable, "-m", "venv", folder / "venv")
            run(binaries / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel)
        return binaries


@pytest.fixture
def installed(bin_folder: Path) -> Iterator[Home]:
    with new_home(bin_folder=bin_folder) as home:
        yield home


def test_contents(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        assert archive.read("itermbus/share/supervisord.conf") == (CODE / "supervisord.conf").read_bytes()
        plist = "com.itermbus.supervisord.plist"
        assert archive.read(f"itermbus/share/{plist}") == (CODE / "launchd" / plist).read_bytes()
    for package in tomllib.loads((CODE / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"][
        "packages"
    ]:
        sources = {str(p.relative_to(CODE)) for p in (CODE / package).rglob("*.py")}
        assert sources <= names, package
    assert not [n for n in names if n.startswith(("tests/", "bench/", ".")) or n.endswith(".pyc")]


def test_it_runs_its_own_code(bin_folder: Path) -> None:
    where = run(bin_folder / "python", "-P", "-c", "import bus.paths; print(bus.paths.CODE)").strip()
    assert Path(where).is_relative_to(bin_folder.parent)
    assert run(bin_folder / "itermbus", "version").startswith("itermbus ")


def test_install_doctor_and_uninstall(installed: Home) -> None:
    """As after `pipx install`: the unit runs the wheel's own environment."""
    tools = installed.path / "tools"
    tools.mkdir()
    systemctl = Launcher(tools, "systemctl")
    installed.environment["PATH"] = f"{tools}:{installed.environment['PATH']}"
    done = installed.run("install")
    assert done.returncode == exit_codes.OK, done.stderr
    assert systemctl.loaded
    assert installed.paths.environment.readlink() == installed.bin.parent
    doctor = installed.run("doctor", "--json")
    assert doctor.returncode == exit_codes.OK, doctor.stdout
    states = {finding["check"]: finding["state"] for finding in json.loads(doctor.stdout)["findings"]}
    assert states["start at login"] == states["packages"] == states["Python"] == "ok"
    assert installed.run("uninstall", "--yes").returncode == exit_codes.OK
    assert not installed.paths.root.exists()
    assert not systemctl.loaded


def test_the_main_job(installed: Home) -> None:
    done = installed.run("up", "--headless", "--detach", seconds=120)
    assert done.returncode == exit_codes.OK, done.stdout + done.stderr
    assert installed.paths.environment.readlink() == installed.bin.parent
    with Client(installed.paths.gateway_socket) as client:
        type_and_read(client)

    def states() -> dict[str, str]:
        conf = str(installed.paths.root / "supervisord.conf")
        status = installed.supervisorctl("-c", conf, "status", cwd=Path("/"))
        return dict(line.split()[:2] for line in status.stdout.splitlines())

    wait_until(lambda: set(states().values()) == {"RUNNING"}, "the worker's first second")
    assert {"broker", "gateway", "headless"} <= states().keys()
    assert any(name.startswith("pty-") for name in states())
    assert installed.run("down").returncode == exit_codes.OK
    assert installed.processes() == []
    assert installed.sockets() == []
