"""`itermbus init`, and every way in which a set-up can be wrong."""

import os
import stat
import sys
from pathlib import Path

import pytest

from bus import paths as run_time
from itermbus import exit_codes, installation
from tests.itermbus.support import Home


def test_init_makes_a_private_run_time_folder(home: Home) -> None:
    done = home.run("init")
    assert done.returncode == exit_codes.OK, done.stderr
    for folder in (home.paths.root, home.paths.run, home.paths.conf_d, home.paths.log):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert home.paths.environment.readlink() == Path(sys.prefix)
    assert installation.conf_link(home.paths).resolve() == installation.supervisord_conf().resolve()
    assert str(home.paths.root) in done.stdout


def test_init_again_changes_nothing(home: Home) -> None:
    home.run("init")
    before = {p: p.lstat().st_ino for p in (home.paths.environment, installation.conf_link(home.paths))}
    assert home.run("init").returncode == exit_codes.OK
    assert {p: p.lstat().st_ino for p in before} == before


def test_init_points_an_old_link_to_this_installation(home: Home) -> None:
    home.run("init")
    home.paths.environment.unlink()
    home.paths.environment.symlink_to("/nonexistent")
    assert home.run("init").returncode == exit_codes.OK
    assert home.paths.environment.readlink() == Path(sys.prefix)


def test_init_by_way_of_the_link_keeps_it(home: Home) -> None:
    home.run("init")
    home.bin = home.paths.environment / "bin"
    assert home.run("init").returncode == exit_codes.OK
    assert home.paths.environment.readlink() == Path(sys.prefix)


def test_headless_is_a_file_for_supervisord(home: Home) -> None:
    conf = installation.headless_conf(home.paths)
    home.run("init", "--headless")
    assert "-m headless" in conf.read_text()
    home.run("init", "--no-headless")
    assert not conf.exists()
    home.run("init")
    assert conf.exists() == (sys.platform != "darwin")


def test_home_unset(home: Home) -> None:
    del home.environment["HOME"]
    for command in ("init", "up", "down", "status", "supervise"):
        done = home.run(command)
        assert done.returncode == exit_codes.SETUP
        assert "HOME is not set" in done.stderr


def test_home_not_absolute(home: Home) -> None:
    home.environment["HOME"] = "somewhere"
    done = home.run("init")
    assert done.returncode == exit_codes.SETUP
    assert "not an absolute path" in done.stderr


@pytest.mark.parametrize("command", ["init", "up", "supervise", "status", "down"])
def test_a_folder_that_others_can_enter_is_refused_and_left_alone(home: Home, command: str) -> None:
    home.run("init")
    home.paths.run.chmod(0o750)
    done = home.run(command)
    assert done.returncode == exit_codes.SETUP
    assert f"{home.paths.run} has mode 0750" in done.stderr
    assert f"chmod 700 '{home.paths.run}'" in done.stderr
    assert stat.S_IMODE(home.paths.run.stat().st_mode) == 0o750
    home.paths.run.chmod(0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize("command", ["init", "up", "supervise"])
def test_a_folder_of_somebody_else_is_refused(home: Home, command: str) -> None:
    home.run("init")
    os.chown(home.paths.run, 12345, -1)
    done = home.run(command)
    assert done.returncode == exit_codes.SETUP
    assert f"{home.paths.run} belongs to user 12345" in done.stderr
    os.chown(home.paths.run, 0, -1)


def test_a_link_instead_of_the_folder_is_refused(home: Home) -> None:
    elsewhere = home.path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    home.paths.root.symlink_to(elsewhere)
    done = home.run("init")
    assert done.returncode == exit_codes.SETUP
    assert "is not a folder" in done.stderr
    home.paths.root.unlink()


def test_a_file_in_the_way(home: Home) -> None:
    home.paths.root.write_text("")
    done = home.run("init")
    assert done.returncode == exit_codes.SETUP
    assert f"{home.paths.root} is in the way" in done.stderr
    home.paths.root.unlink()


def test_a_folder_in_the_way_of_the_link(home: Home) -> None:
    home.run("init")
    home.paths.environment.unlink()
    home.paths.environment.mkdir()
    done = home.run("init")
    assert done.returncode == exit_codes.SETUP
    assert f"{home.paths.environment} is in the way" in done.stderr


def test_a_home_folder_too_deep_for_sockets(home: Home) -> None:
    deep = home.path / ("d" * (run_time.SOCKET_PATH_BYTES - 60))
    deep.mkdir()
    home.environment["HOME"] = str(deep)
    for command in ("init", "up"):
        done = home.run(command)
        assert done.returncode == exit_codes.SETUP
        assert f"this system allows {run_time.SOCKET_PATH_BYTES}" in done.stderr
        assert str(deep / ".itermbus" / "run") in done.stderr


def test_no_permission(home: Home) -> None:
    # Nothing stops root but the kernel's own file systems.
    forbidden = home.path if os.geteuid() else Path("/sys")
    home.environment["HOME"] = str(forbidden)
    home.path.chmod(0o500)
    for command in ("init", "up"):
        done = home.run(command)
        assert done.returncode == exit_codes.SETUP
        assert f"cannot make {forbidden / '.itermbus'}" in done.stderr
    home.path.chmod(0o700)


def test_a_home_folder_that_supervisor_cannot_take(home: Home) -> None:
    odd = home.path / 'a"b'
    odd.mkdir()
    home.environment["HOME"] = str(odd)
    done = home.run("init")
    assert done.returncode == exit_codes.SETUP
    assert "supervisor cannot take" in done.stderr


@pytest.mark.parametrize("command", ["up", "supervise"])
def test_a_configuration_that_cannot_be_used(home: Home, command: str) -> None:
    home.run("init")
    home.paths.config.write_text("[gateway]\nclients = 0\n")
    done = home.run(command)
    assert done.returncode == exit_codes.SETUP
    assert str(home.paths.config) in done.stderr
    assert "clients" in done.stderr
