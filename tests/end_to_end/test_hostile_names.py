"""Names, titles and paths as nasty as they come, through the whole system: it goes on as if they were others."""

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.conftest import System
from tests.end_to_end.node_client import NodeClient
from tests.support import end, temporary_home, wait_until

#: Every line of every log of ours begins like this; a forged one would not, or would begin like it a second time.
_LOG_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ")

_TITLES = [
    b"%(ENV_HOME)s %s %d %%",
    b"'; rm -rf ~; \" $(id) `id` ${HOME}",
    b"[program:evil] command=id ; #",
    b"<script>&amp;\\u0000\\n",
    b"\xff\xfe\xc3\x28 \xed\xa0\x80",
    "\u202e\u2028\ufeff\U0001f469\u200d\U0001f469".encode(),
    b"2026-01-01 00:00:00,000 ERROR forged: line",
    b"x" * 1_000_000,
]


@pytest.fixture(scope="module", params=["h %(ENV_PATH)s%d é;'&#$x"])
def system(request: pytest.FixtureRequest) -> Iterator[System]:
    """A system in a home whose own name is hostile."""
    with temporary_home() as outer:
        home = outer / request.param
        home.mkdir(mode=0o700)
        running = System(home)
        try:
            running.wait_up()
            yield running
        finally:
            end(running.up)


def _check_logs(system: System) -> None:
    for log in system.paths.log.glob("*.log"):
        text = log.read_bytes().decode("utf-8")
        assert "Traceback" not in text, log
        for line in text.splitlines():
            assert _LOG_LINE.match(line), (log, line[:200])
            assert line.isprintable()
            assert "forged" not in line


def test_a_hostile_home_starts_stops_and_serves(system: System, client: NodeClient, fresh_session: str) -> None:
    client.type(fresh_session, b"echo home-$((40+2))\n")
    client.wait_output(fresh_session, b"home-42")
    wait_until(lambda: {state for state, _ in system.supervisorctl().values()} == {"RUNNING"}, "all of it to run")
    assert json.loads(system.run("status", "--json").stdout)["problems"] == []
    assert system.run("restart", "gateway").returncode == 0
    _check_logs(system)


def test_hostile_titles(system: System, client: NodeClient, fresh_session: str) -> None:
    """Set by all three sequences; each reaches the client as text, cut, and everything goes on."""
    file = system.home / "title"
    for title in _TITLES:
        file.write_bytes(b"".join(b"\x1b]%d;%s\x07" % (code, title) for code in (0, 1, 2)))
        since = len(client.messages)
        client.type(fresh_session, b"cat ~/title; echo don''e\n")
        client.wait_output(fresh_session, b"done", since)
        wanted = title[:40].decode("utf-8", "replace")[:1]

        def shown(wanted: str = wanted) -> bool:
            return [wanted] == [s["title"][:1] for s in client.sessions if s["session_id"] == fresh_session]

        wait_until(shown, f"a title that begins with {wanted!r}")
        report = json.loads(system.run("status", "--json").stdout)
        assert report["exit_code"] == 0
    status = system.run("status")
    assert status.returncode == 0, status.stdout
    assert all(line.isprintable() for line in status.stdout.splitlines())
    assert all(line.isascii() and len(line) <= 65536 for line in client.raw_lines)
    _check_logs(system)


_FOLDERS = [b"a\nb", b"\xff\xfe", b"%s%(x)s", b"'\"`$(id)", b"\x1b[2J\x07", "ü \u202e".encode(), b"x" * 250]


def test_hostile_directories(system: System, client: NodeClient, fresh_session: str) -> None:
    """A shell that works in them; screens and input go on."""
    for number, name in enumerate(_FOLDERS):
        folder = os.fsencode(system.home) + b"/" + name
        Path(os.fsdecode(folder)).mkdir(exist_ok=True)
        script = system.home / "go"
        script.write_bytes(b"cd ~/$'" + b"".join(b"\\x%02x" % byte for byte in name) + b"'\n")
        since = len(client.messages)
        tell = b"printf '\\033]7;file://localhost%%s\\007' \"$PWD\" && echo in-$((%d+40))-\n" % number
        client.type(fresh_session, b". ~/go && " + tell)
        client.wait_output(fresh_session, b"in-%d-" % (number + 40), since)
        client.send("request_screen_refresh", session_id=fresh_session)
        screen = client.expect("initial_terminal_data", lambda m: m["session_id"] == fresh_session, since)
        base64.b64decode(screen["data"])
    assert system.run("status").returncode == 0
    _check_logs(system)


def test_hostile_ids_from_a_client(client: NodeClient, system: System) -> None:
    since = len(client.messages)
    for name in (
        "../../etc/passwd",
        "pty-%s",
        "a\n[program:evil]\ncommand=id",
        "\x1b[2J",
        "x" * 1_000_000,
        "\ud800",
    ):
        client.send("request_screen_refresh", session_id=name)
    wait_until(
        lambda: len([m for m in client.messages[since:] if m["type"] == "error"]) == 6, "an error for each", seconds=5
    )
    assert not [path for path in system.paths.conf_d.iterdir() if "evil" in path.read_text()]
    _check_logs(system)


@pytest.mark.parametrize("name", [b"\xff", b"a\x1b[2Jb", b"a\nb", b'a"b', b"a*b"])
def test_a_home_that_supervisor_cannot_take_is_refused_in_one_line(name: bytes) -> None:
    with temporary_home() as outer:
        home = os.fsencode(outer) + b"/" + name
        Path(os.fsdecode(home)).mkdir(mode=0o700)
        done = subprocess.run(
            [sys.executable, "-m", "itermbus", "up", "--headless"],
            env={b"HOME": home, b"PATH": os.environb[b"PATH"]},
            capture_output=True,
            timeout=60,
            check=False,
        )
        text = done.stderr.decode("utf-8")
        assert done.returncode == 78, text
        assert text.startswith("itermbus: HOME is ")
        assert text.count("\n") == 1
        assert text[:-1].isprintable()
