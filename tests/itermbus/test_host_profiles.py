"""`--profile` and `[headless]` of config.toml: what reaches the headless host, and what is refused before a start."""

import json
import shlex
from pathlib import Path

import pytest
from iterm2 import api_pb2
from supervisor.options import ServerOptions

from headless.paths import api_socket
from itermbus import exit_codes, installation
from tests.headless.raw_client import RawClient
from tests.itermbus.support import Home, wait_until

_WORK = {"Name": "Work", "Guid": "WORK", "Columns": 101}


def client(home: Home) -> RawClient:
    granted = json.loads(home.run("env", "--json").stdout)
    return RawClient(api_socket(home.path, "iTerm2"), granted["ITERM2_COOKIE"])


def write(file: Path, content: object) -> Path:
    file.write_text(json.dumps(content))
    return file


@pytest.mark.parametrize("content", [{"Profiles": [_WORK]}, _WORK], ids=["all profiles", "one profile"])
def test_profiles_of_an_export_reach_the_host(home: Home, content: object) -> None:
    file = write(home.path / '100% of "my" ;profiles #1.json', content)
    done = home.run("up", "--headless", "--detach", "--profile", str(file))
    assert done.returncode == exit_codes.OK, done.stderr
    with client(home) as connection:
        connection.ask(create_tab_request=api_pb2.CreateTabRequest(profile_name="Work"))
        sizes = [window.tabs[0].root.links[0].session.grid_size.width for window in connection.windows().windows]
    assert sizes == [80, 101]


def test_settings_reach_the_host(home: Home) -> None:
    home.run("init", "--headless")
    home.paths.config.write_text("[headless]\ncolumns = 90\nrows = 33\nundo_seconds = 0\nset_cookie = true\n")
    done = home.run("up", "--headless", "--detach")
    assert done.returncode == exit_codes.OK, done.stderr
    with client(home) as connection:
        (session,) = connection.sessions()
        size = connection.windows().windows[0].tabs[0].root.links[0].session.grid_size
        assert (size.width, size.height) == (90, 33)
        connection.subscribe(api_pb2.NOTIFY_ON_TERMINATE_SESSION)
        cookie = home.path / "cookie"
        connection.type(session, f'echo "$ITERM2_COOKIE" > "{cookie}"\n')
        wait_until(lambda: cookie.exists() and len(cookie.read_text()) == 33, "the shell's cookie")
        sessions = api_pb2.CloseRequest.CloseSessions(session_ids=[session])
        connection.ask(close_request=api_pb2.CloseRequest(sessions=sessions, force=True))
        ended = connection.take(1, seconds=4)[0].terminate_session_notification
        assert ended.session_id == session, "at once: there is nothing to undo"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "holds no list of profiles"),
        ('{"Profiles": [{"Name": "x"}]}', "needs a text Name and a text Guid"),
        ('{"Profiles": [{"Name": "x", "Guid": "y", "Columns": "wide"}]}', "wrong type of value for Columns"),
        (None, "No such file"),
    ],
)
def test_a_bad_file_is_named_and_nothing_starts(home: Home, content: str | None, said: str) -> None:
    file = home.path / "bad.json"
    if content is not None:
        file.write_text(content)
    for command in ("up", "init", "supervise"):
        done = home.run(command, "--headless", "--profile", str(file))
        assert done.returncode == exit_codes.SETUP
        assert said in done.stderr
        assert str(file) in done.stderr
        assert not installation.headless_conf(home.paths).exists()
    assert home.sockets() == []


def test_profiles_need_the_headless_host(home: Home) -> None:
    file = write(home.path / "fine.json", _WORK)
    done = home.run("init", "--no-headless", "--profile", str(file))
    assert done.returncode == exit_codes.SETUP
    assert "--headless" in done.stderr


@pytest.mark.parametrize(
    "name", ["plain", "a b", "100%", "%(ENV_HOME)s", 'quo"te', "back\\slash", "a ;b #c", "ümläut", "it's", "$HOME `x`"]
)
def test_any_name_survives_supervisor(home: Home, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(home.path / name, _WORK)
    assert home.run("init", "--headless", "--profile", str(file)).returncode == exit_codes.OK
    monkeypatch.setenv("HOME", str(home.path))
    options = ServerOptions()
    options.configfile = str(installation.conf_argument(home.paths))
    options.args = []
    options.process_config(do_usage=False)
    commands = {g.name: shlex.split(g.process_configs[0].command) for g in options.process_group_configs}
    assert commands["headless"][-2:] == ["--profile", str(file)]


def test_a_name_that_supervisor_cannot_take_is_refused(home: Home) -> None:
    file = write(home.path / "two\nlines", _WORK)
    done = home.run("init", "--headless", "--profile", str(file))
    assert done.returncode == exit_codes.SETUP
    assert "cannot take" in done.stderr
