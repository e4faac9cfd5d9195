"""The doctor's checks, each through its inputs: what is well, and what is wrong in each way that there is a fix for."""

import os
import plistlib
import socket
from pathlib import Path

import pytest

from bus.paths import Paths, prepare
from itermbus import installation, launch_agent, service
from itermbus.doctor import (
    at_login,
    config_file,
    launch_path,
    mac,
    other_instances,
    preferences,
    python,
    run_folder,
    running,
    stale_files,
    versions,
)
from itermbus.doctor.finding import Finding
from itermbus.report import Iterm2, Process, Report, SessionRow
from tests.itermbus.support import SESSION_ID, Home
from tests.itermbus.tools import Launcher


def states(findings: list[Finding]) -> list[str]:
    """And every finding that is not well says what to do."""
    assert all(finding.fix for finding in findings if finding.state in ("warning", "problem")), findings
    return [finding.state for finding in findings]


@pytest.fixture
def laid_out(home: Home) -> Paths:
    previous = os.umask(0o077)
    prepare(home.paths)
    os.umask(previous)
    return home.paths


def test_packages() -> None:
    assert states(versions.check()) == ["ok"]
    required = ["psutil>=6", "iterm2<3,>=2.30", "plain"]
    assert states(versions.judge(required, {"psutil": "6.0", "iterm2": "2.31", "plain": "1"})) == ["ok"]
    [finding] = versions.judge(required, {"psutil": "5.9.8", "iterm2": None, "plain": "1"})
    assert finding.state == "problem"
    assert finding.text == "psutil is 5.9.8, and 6 is needed; iterm2 is missing"


def test_the_python_that_the_link_names(laid_out: Paths, tmp_path: Path) -> None:
    assert states(python.check(laid_out)) == ["ok"]
    laid_out.environment.symlink_to(tmp_path / "gone")
    assert states(python.check(laid_out)) == ["problem"]
    other = tmp_path / "other" / "bin"
    other.mkdir(parents=True)
    (other / "python").symlink_to("/bin/sh")
    laid_out.environment.unlink()
    laid_out.environment.symlink_to(other.parent)
    assert states(python.check(laid_out)) == ["warning"]


def test_the_run_folder(laid_out: Paths) -> None:
    assert states(run_folder.check(laid_out)) == ["ok", "ok", "ok"]
    with socket.socket(socket.AF_UNIX) as open_to_all:
        open_to_all.bind(str(laid_out.gateway_socket))
        laid_out.gateway_socket.chmod(0o666)
        found = run_folder.check(laid_out)
        assert states(found) == ["ok", "ok", "problem"]
        assert "gateway.sock" in found[2].text
        laid_out.gateway_socket.chmod(0o600)
        assert states(run_folder.check(laid_out)) == ["ok", "ok", "ok"]
    laid_out.run.chmod(0o755)
    found = run_folder.check(laid_out)
    assert found[1].state == "problem"
    assert "chmod 700" in found[1].text
    laid_out.run.chmod(0o700)


def test_a_home_folder_that_is_too_deep(tmp_path: Path) -> None:
    found = run_folder.check(Paths(tmp_path / ("x" * 90)))
    assert states(found) == ["problem", "note"]
    assert "shorter" in found[0].fix


def test_the_configuration(laid_out: Paths) -> None:
    assert states(config_file.check(laid_out)) == ["ok"]
    laid_out.config.write_text("nonsense = 1\n")
    laid_out.config.chmod(0o600)
    assert states(config_file.check(laid_out)) == ["problem"]


def test_what_was_left_behind(laid_out: Paths) -> None:
    assert states(stale_files.check(laid_out, running=False)) == ["ok", "ok"]
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(laid_out.gateway_socket))
    found = stale_files.check(laid_out, running=False)
    assert states(found) == ["warning", "ok"]
    assert "gateway.sock" in found[0].text


def test_other_instances() -> None:
    theirs = ["/home/x/.itermbus/env/bin/python", "-P", "-m", "supervisor.supervisord", "--nodaemon"]
    assert states(other_instances.judge([(1, ["/bin/sh"]), (2, []), (3, theirs[:2])], headless=False)) == ["ok"]
    assert states(other_instances.judge([(1, theirs)], headless=True)) == ["warning"]
    [finding] = other_instances.judge([(77, theirs)], headless=False)
    assert finding.state == "problem"
    assert "77" in finding.text


def test_what_starts_it_at_login(tmp_path: Path) -> None:
    launchctl = Launcher(tmp_path, "launchctl")
    agent = launch_agent.service(tmp_path, str(launchctl.path))
    assert states(at_login.check(agent)) == ["note"]
    service.install(agent)
    assert states(at_login.check(agent)) == ["ok"]
    agent.path.write_bytes(agent.content + b" ")
    assert "not this installation's" in at_login.check(agent)[0].text
    agent.path.unlink()
    [elsewhere] = at_login.check(agent)
    assert (elsewhere.state, "loaded from elsewhere" in elsewhere.text) == ("warning", True)
    service.install(agent)
    service.uninstall(agent)
    agent.path.write_bytes(agent.content)
    assert "not loaded" in at_login.check(agent)[0].text


def test_what_launchd_finds(tmp_path: Path) -> None:
    plist = installation.launchd_plist().read_bytes()
    if not any(os.access(f"{folder}/itermbus", os.X_OK) for folder in ("/opt/homebrew/bin", "/usr/local/bin")):
        assert states(launch_path.check(plist, tmp_path)) == ["problem"]
    program = tmp_path / ".local" / "bin" / "itermbus"
    program.parent.mkdir(parents=True)
    program.symlink_to("/bin/sh")
    assert states(launch_path.check(plist, tmp_path)) == ["ok"]
    poor = plistlib.dumps({"EnvironmentVariables": {"PATH": "/usr/local/bin"}})
    [finding] = launch_path.check(poor, tmp_path)
    assert finding.text == "its PATH lacks /usr/bin and /bin"


def test_macos_and_iterm2(tmp_path: Path) -> None:
    assert mac.judge_macos("14.4.1").state == "ok"
    assert mac.judge_macos("10.14.6").state == "problem"
    assert mac.judge_macos("").state == "problem"
    contents = tmp_path / "iTerm.app" / "Contents"
    contents.mkdir(parents=True)
    places = [tmp_path / "nowhere", tmp_path / "iTerm.app"]
    assert mac.judge_iterm2(places).text == "not installed"
    for version, state in (("3.4.23", "problem"), ("3.5.0", "ok"), ("3.10", "ok"), ("4.0beta1", "ok")):
        (contents / "Info.plist").write_bytes(plistlib.dumps({"CFBundleShortVersionString": version}))
        assert mac.judge_iterm2(places).state == state, version
    (contents / "Info.plist").write_bytes(b"garbage")
    assert mac.judge_iterm2(places).state == "problem"


def test_iterm2s_preferences() -> None:
    plain = {"Name": "Default", "Custom Command": "No", "Triggers": [{"action": "HighlightTrigger"}]}
    assert states(preferences.judge({"EnableAPIServer": True, "New Bookmarks": [plain]})) == ["ok", "ok"]
    assert states(preferences.judge({})) == ["problem", "ok"]
    others = [
        {"Name": "zm\x1bodem", "Triggers": [{"action": "MuteCoprocessTrigger", "regex": "rz"}]},
        {"Name": "web", "Custom Command": "Browser"},
        {"Name": "far", "Custom Command": "SSH"},
        "garbage",
    ]
    found = preferences.judge({"EnableAPIServer": 1, "New Bookmarks": others})
    assert states(found) == ["ok", "warning", "note", "note"]
    assert "zm?odem" in found[1].text


def test_preferences_that_cannot_be_read(tmp_path: Path) -> None:
    from itermbus.tools import Answer

    assert states(preferences.check(lambda _command: Answer(1, "no"))) == ["warning"]
    assert states(preferences.check(lambda _command: Answer(0, "no plist"))) == ["warning"]
    exported = plistlib.dumps({"EnableAPIServer": True}).decode()
    assert states(preferences.check(lambda _command: Answer(0, exported))) == ["ok", "ok"]


def session(attached: bool, reason: str | None) -> SessionRow:
    return SessionRow(session_id=SESSION_ID, title="t", columns=80, rows=25, attached=attached, reason=reason)


def report(**changes: object) -> Report:
    process = Process(name="broker", state="RUNNING", pid=1, uptime=5, restarts=0, reason=None)
    iterm2 = Iterm2(state="connected", version="1.17", reason="", advice="")
    fields: dict[str, object] = {
        "running": True,
        "exit_code": 0,
        "gateway": "g",
        "processes": [process],
        "iterm2": iterm2,
        "sessions": [session(True, None)],
    }
    return Report(**fields | changes)  # type: ignore[arg-type]


def test_what_runs() -> None:
    assert states(running.check(report())) == ["ok", "ok", "ok"]
    assert states(running.check(report(running=False))) == ["warning"]
    assert "problem" in states(running.check(report(problems=["broker does not run"], iterm2=None, sessions=None)))
    often = Process(name="gateway", state="RUNNING", pid=1, uptime=5, restarts=9, reason=None)
    assert "warning" in states(running.check(report(processes=[often])))


@pytest.mark.parametrize("state", ["api_disabled", "waiting_for_authorisation", "refused", "not_running"])
def test_every_state_of_iterm2_has_a_fix(state: str) -> None:
    from itermbus.report import ADVICE

    iterm2 = Iterm2(state=state, version=None, reason="why", advice=ADVICE[state])
    found = running.check(report(iterm2=iterm2, problems=["iTerm2 is not connected: why"]))
    assert states(found).count("problem") == 1


def test_every_reason_of_the_brokers_has_a_fix() -> None:
    """The words are the broker's own, so that no fix is lost when they change."""
    from broker.attach import FOREIGN, STOPPED
    from broker.reconcile import BROWSER, TMUX_GATEWAY, TOO_MANY

    for reason, state in (
        *((reason, "warning") for reason in (FOREIGN, STOPPED, TOO_MANY, "something new")),
        *((reason, "note") for reason in (BROWSER, TMUX_GATEWAY)),
    ):
        found = running.check(report(sessions=[session(False, reason)]))
        assert states(found)[-1] == state, reason
        assert ("Wait a moment" in found[-1].fix) == (reason == "something new"), reason
