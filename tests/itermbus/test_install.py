"""`install` and `uninstall`. There is no launchd and no systemd where this is tested: a script stands in for the tool
of each, and what is given to it is compared with launchctl(1) and systemctl(1).
"""

import configparser
import os
import plistlib
import subprocess
import sys
from pathlib import Path

import pytest

from itermbus import exit_codes, launch_agent, service, systemd_unit
from itermbus.service import NotLoaded
from tests.itermbus.support import PATIENCE, Home, stop, wait_until
from tests.itermbus.tools import Launcher

pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="it would replace this user's own agent")


@pytest.fixture
def systemctl(home: Home) -> Launcher:
    """First on the PATH of the home's processes."""
    tools = home.path / "tools"
    tools.mkdir()
    home.environment["PATH"] = f"{tools}:{home.environment['PATH']}"
    return Launcher(tools, "systemctl")


def unit_of(home: Home) -> Path:
    return home.path / ".config" / "systemd" / "user" / "itermbus.service"


def everything(home: Home) -> list[str]:
    """What is in the home folder, but for our own tools."""
    return sorted(str(p.relative_to(home.path)) for p in home.path.rglob("*") if "tools" not in p.parts)


def test_install_and_uninstall_on_linux(home: Home, systemctl: Launcher) -> None:
    done = home.run("install")
    assert done.returncode == exit_codes.OK, done.stderr
    assert systemctl.loaded
    assert systemctl.calls[-2:] == ["--user daemon-reload", "--user enable --now itermbus.service"]
    assert unit_of(home).read_bytes() == systemd_unit.service(home.path).content
    again = home.run("install")
    assert again.returncode == exit_codes.OK
    assert "installed already" in again.stdout
    assert systemctl.calls[-1] == "--user is-enabled --quiet itermbus.service"
    unit_of(home).write_text("an older one")
    assert home.run("install").returncode == exit_codes.OK
    assert unit_of(home).read_bytes() == systemd_unit.service(home.path).content
    assert not any("disable" in call for call in systemctl.calls), "that would end the shells"
    done = home.run("uninstall", "--yes")
    assert done.returncode == exit_codes.OK, done.stderr
    assert not systemctl.loaded
    assert everything(home) == [".config"]
    assert home.run("uninstall", "--yes").returncode == exit_codes.OK


def test_what_the_unit_says_runs(home: Home, systemctl: Launcher) -> None:
    """The very command of the unit, in an environment as bare as systemd's; it ends as systemd ends it."""
    assert home.run("install").returncode == exit_codes.OK
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(unit_of(home))
    command = unit["Service"]["ExecStart"].replace("%h", str(home.path))
    started = home.environment
    home.environment = {"HOME": str(home.path), "PATH": "/usr/bin:/bin", "USER": "somebody"}
    process = home.spawn(["/bin/sh", "-c", f"exec {command}"])
    home.environment = started
    wait_until(lambda: process.poll() is not None or home.paths.gateway_socket.exists(), "the gateway's socket")
    assert process.poll() is None, home.output.read_text()
    assert stop(process, 15) == 0
    assert home.run("uninstall", "-y").returncode == exit_codes.OK


def test_uninstall_stops_what_runs_and_leaves_nothing(home: Home, systemctl: Launcher) -> None:
    assert home.run("up", "--headless", "--detach").returncode == exit_codes.OK
    assert home.run("install").returncode == exit_codes.ALREADY_RUNNING
    assert not unit_of(home).exists()
    done = home.run("uninstall", "--yes", seconds=PATIENCE)
    assert done.returncode == exit_codes.OK, done.stderr
    assert home.processes() == []
    assert everything(home) == []


def test_without_a_yes_the_data_stay(home: Home, systemctl: Launcher) -> None:
    assert home.run("install").returncode == exit_codes.OK
    home.paths.config.write_text("")
    done = home.run("uninstall")
    assert done.returncode == exit_codes.OK
    assert f"{home.paths.root} stays" in done.stdout
    assert home.paths.config.exists()
    assert not unit_of(home).exists()


def test_where_the_launcher_cannot_be_told_the_commands_are_printed(home: Home) -> None:
    tools = home.path / "tools"
    tools.mkdir()
    Launcher(tools, "systemctl", works=False)
    home.environment["PATH"] = f"{tools}:{home.environment['PATH']}"
    done = home.run("install")
    assert done.returncode == exit_codes.FAILURE
    assert "Input/output error" in done.stderr
    assert "    systemctl --user enable --now itermbus.service" in done.stderr.splitlines()
    assert unit_of(home).exists()


def test_without_any_systemctl(home: Home) -> None:
    home.environment["PATH"] = str(home.bin)
    done = home.run("install")
    assert done.returncode == exit_codes.FAILURE
    assert "No such file or directory" in done.stderr
    assert "systemctl --user daemon-reload" in done.stderr


# --- the Mac's half, with the tool's path for its only difference ---


def test_the_agent_on_a_mac(tmp_path: Path) -> None:
    launchctl = Launcher(tmp_path, "launchctl")
    agent = launch_agent.service(tmp_path, str(launchctl.path))
    target = f"gui/{os.getuid()}/com.itermbus.supervisord"
    assert not service.is_installed(agent)
    service.install(agent)
    assert launchctl.calls[-2:] == [f"enable {target}", f"bootstrap gui/{os.getuid()} {agent.path}"]
    assert agent.path == tmp_path / "Library" / "LaunchAgents" / "com.itermbus.supervisord.plist"
    assert plistlib.loads(agent.path.read_bytes())["Label"] == "com.itermbus.supervisord"
    assert agent.path.stat().st_mode & 0o022 == 0, "launchd refuses one that others can write"
    assert service.is_installed(agent)
    service.install(agent)
    assert f"bootout {target}" in launchctl.calls, "what is loaded makes way first"
    assert service.uninstall(agent)
    assert not agent.path.exists()
    assert not launchctl.loaded
    assert not service.uninstall(agent)


def test_an_agent_that_takes_its_time_to_end(tmp_path: Path) -> None:
    launchctl = Launcher(tmp_path, "launchctl", late=0.6)
    agent = launch_agent.service(tmp_path, str(launchctl.path))
    service.install(agent)
    service.install(agent)
    names = [call.split()[0] for call in launchctl.calls]
    assert names[-4:] == ["print", "print", "enable", "bootstrap"], "loaded again only once it was unloaded"
    assert service.uninstall(agent)
    assert not launchctl.loaded


def test_an_agent_that_stays_loaded(tmp_path: Path) -> None:
    launchctl = Launcher(tmp_path, "launchctl", late=-1)
    agent = launch_agent.service(tmp_path, str(launchctl.path))
    service.install(agent)
    with pytest.raises(NotLoaded, match="still loaded"):
        service.uninstall(agent, patience=0.1)


def test_an_agent_that_launchd_refuses(tmp_path: Path) -> None:
    launchctl = Launcher(tmp_path, "launchctl", works=False)
    agent = launch_agent.service(tmp_path, str(launchctl.path))
    with pytest.raises(NotLoaded, match="Input/output error") as refusal:
        service.install(agent)
    assert f"{launchctl.path} bootstrap gui/{os.getuid()} {agent.path}" in str(refusal.value)
    assert "at the next login" in str(refusal.value)
    assert agent.path.exists()


@pytest.mark.skipif(not Path("/usr/bin/systemd-analyze").exists(), reason="there is no systemd-analyze")
def test_systemd_itself_can_read_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "itermbus.service"
    python = tmp_path / ".itermbus" / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    unit.write_bytes(systemd_unit.service(tmp_path).content.replace(b"%h", str(tmp_path).encode()))
    done = subprocess.run(
        ["/usr/bin/systemd-analyze", "verify", str(unit)], capture_output=True, text=True, timeout=60, check=False
    )
    assert unit.name not in done.stderr, done.stderr
