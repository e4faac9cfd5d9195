"""supervisord.conf as supervisor itself reads it."""

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from itermbus import installation
from tests.itermbus.support import SESSION_ID, Home, new_home


def read(home: Home, conf: Path, monkeypatch: pytest.MonkeyPatch) -> ServerOptions:
    """supervisor's own reading of the file, with nothing but HOME to go by."""
    for name in list(os.environ):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home.path))
    options = ServerOptions()
    options.configfile = str(conf)
    options.args = []
    options.process_config(do_usage=False)
    return options


@pytest.fixture(params=["plain", "with a space", "100%", "ümläut", "it's;#mine"])
def any_home(request: pytest.FixtureRequest) -> Iterator[Home]:
    """Home folders with names that are hard to quote."""
    with new_home(request.param) as home:
        assert home.run("init", "--headless").returncode == 0
        yield home


def test_every_process_is_there_with_its_command(any_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = any_home.paths.worker_conf(SESSION_ID)
    worker.write_text(f"[program:pty-{SESSION_ID}]\ncommand=/bin/true\npriority=400\n")
    options = read(any_home, installation.conf_argument(any_home.paths), monkeypatch)
    groups = {g.name: g.process_configs[0] for g in options.process_group_configs}
    assert list(groups) == ["headless", "broker", "gateway", f"pty-{SESSION_ID}"]
    python = str(any_home.paths.environment / "bin" / "python")
    for name, module in (("broker", "broker"), ("gateway", "workers.gateway"), ("headless", "headless")):
        assert shlex.split(groups[name].command) == [python, "-P", "-m", module]
        assert groups[name].stdout_logfile == str(any_home.paths.log / f"{name}.log")
        assert 0 < groups[name].stdout_logfile_maxbytes * (groups[name].stdout_logfile_backups + 1) <= 16 * 2**20
        assert groups[name].redirect_stderr
        assert groups[name].umask == 0o077
        assert groups[name].startsecs >= 1
        assert groups[name].stopwaitsecs <= 10


def test_the_order(any_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    options = read(any_home, installation.conf_argument(any_home.paths), monkeypatch)
    assert [g.name for g in sorted(options.process_group_configs)] == ["headless", "broker", "gateway"]


def test_only_a_unix_socket_for_its_user(any_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    options = read(any_home, installation.conf_argument(any_home.paths), monkeypatch)
    (server,) = options.configroot.supervisord.server_configs
    assert server["file"] == str(any_home.paths.supervisor_socket)
    assert server["chmod"] & 0o077 == 0
    section = options.configroot.supervisord
    assert section.pidfile == str(any_home.paths.supervisor_pid)
    assert section.logfile == str(any_home.paths.log / "supervisord.log")
    assert 0 < section.logfile_maxbytes * (section.logfile_backups + 1) <= 16 * 2**20
    assert section.environment == {}


def test_without_headless_it_is_not_there(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.run("init", "--no-headless")
    options = read(home, installation.supervisord_conf(), monkeypatch)
    assert [g.name for g in options.process_group_configs] == ["broker", "gateway"]
