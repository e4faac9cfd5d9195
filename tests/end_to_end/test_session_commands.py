"""`itermbus send`, `snapshot` and `last`, as scripts use them."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.node_client import NodeClient
from tests.end_to_end.system import System
from tests.support import environment, wait_until

#: What iTerm2's shell integration prints, in short: the end of a command before anything else of the prompt.
_INTEGRATED = r"PS0='\e]133;C;\a'; PROMPT_COMMAND='printf \"\\033]133;D;$?\\007\\033]133;A\\007\"'".replace('\\"', '"')


def _run(system: System, *arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", "itermbus", *arguments],
        env=environment(system.home),
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def integrated_session(system: System, client: NodeClient, fresh_session: str) -> str:
    """A session whose shell marks its commands."""
    script = system.home / "integrated.sh"
    script.write_text(_INTEGRATED + "\n")
    client.type(fresh_session, f". {script}\n".encode())
    wait_until(lambda: b"\x1b]133;A\x07" in client.seen(fresh_session), "a mark")
    return fresh_session


def test_what_is_sent_is_typed(system: System, client: NodeClient, fresh_session: str) -> None:
    assert _run(system, "send", fresh_session[:13].lower(), "--enter", "echo", "se''nt").returncode == 0
    wait_until(lambda: b"sent\r\n" in client.seen(fresh_session), "the command's output")
    large = b"echo %s > /dev/null; echo al''l\n" % (b"x" * 3000)
    assert _run(system, "send", fresh_session, "--stdin", stdin=large * 40).returncode == 0
    wait_until(lambda: client.seen(fresh_session).count(b"all\r\n") == 40, "what came on standard input")
    client.type(fresh_session, b"cat\n")
    assert _run(system, "send", fresh_session, "--keys", "a", "Up", "Enter").returncode == 0
    wait_until(lambda: b"a^[[A\r\n" in client.seen(fresh_session), "the keys")
    assert _run(system, "send", fresh_session, "--keys", "C-c").returncode == 0
    wait_until(lambda: b"^C" in client.seen(fresh_session), "Ctrl-C")


def test_a_claimed_session_refuses(system: System, client: NodeClient, fresh_session: str) -> None:
    client.send("hello", version=2, sessions="none", client="holder")
    client.expect("welcome")
    client.send("claim", id="c", session_id=fresh_session)
    client.expect("result", lambda m: m["id"] == "c")
    done = _run(system, "send", fresh_session, "no")
    assert (done.returncode, b"holder" in done.stderr) == (1, True), done.stderr


def test_a_screen_as_text_ansi_html_and_svg(system: System, client: NodeClient, fresh_session: str) -> None:
    client.type(fresh_session, b"seq 1 60; printf '\\033[1;31mcol''oured\\033[0m <&> \\346\\274\\242\\n'\n")
    wait_until(lambda: b"coloured" in client.seen(fresh_session), "the output")
    wait_until(lambda: client.seen(fresh_session).endswith(b"ready$ "), "the prompt")

    def shown(*options: str) -> str:
        done = _run(system, "snapshot", fresh_session, *options)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    lines = shown().splitlines()
    assert lines[-3:] == ["60", "coloured <&> 漢", "ready$"]
    assert len(lines) == 25
    assert shown("--scrollback", "30").splitlines()[-33 - 10 : -32] == [str(n) for n in range(20, 31)]
    assert "\x1b[" in shown("--format", "ansi")
    assert "&lt;&amp;&gt; 漢" in shown("--format", "html")
    path = system.home / "screen.svg"
    assert _run(system, "snapshot", fresh_session, "-f", "svg", "-o", str(path)).returncode == 0
    picture = path.read_text()
    assert picture.startswith("<svg")
    assert "coloured" in picture
    assert "@font-face" not in picture
    assert path.stat().st_mode & 0o777 == 0o600
    assert _run(system, "snapshot", fresh_session, "-o", str(path)).returncode == 2
    assert path.read_text() == picture
    assert _run(system, "snapshot", fresh_session, "-o", str(path), "--force").returncode == 0
    assert path.read_text() == shown()


def test_the_last_commands_output_is_exact(system: System, client: NodeClient, integrated_session: str) -> None:
    client.type(integrated_session, b"printf 'one\\ntwo\\377'; (exit 3)\n")
    wait_until(lambda: b"133;D;3\x07" in client.seen(integrated_session), "its end")
    done = _run(system, "last", integrated_session)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"one\r\ntwo\xff", b"")
    assert _run(system, "last", integrated_session, "--pass-status").returncode == 3
    told = json.loads(_run(system, "last", integrated_session, "--json").stdout)
    assert (told["status"], told["missing"], told["text"]) == (3, 0, "one\r\ntwo\ufffd")
    assert base64.b64decode(told["data"]) == b"one\r\ntwo\xff"
    assert told["next"] - told["offset"] == 9


def test_while_another_command_runs_the_last_one_is_the_one_before(
    system: System, client: NodeClient, integrated_session: str
) -> None:
    client.type(integrated_session, b"echo fini''shed\n")
    wait_until(lambda: b"finished\r\n\x1b]133;D;0" in client.seen(integrated_session), "its end")
    client.type(integrated_session, b"echo run''ning; cat\n")
    wait_until(lambda: b"running\r\n" in client.seen(integrated_session), "the next command")
    assert _run(system, "last", integrated_session).stdout == b"finished\r\n"


def test_output_that_the_ring_has_lost_is_told(system: System, client: NodeClient, integrated_session: str) -> None:
    client.type(integrated_session, b"head -c 6000000 /dev/zero | tr '\\0' x; (exit 7)\n")
    wait_until(lambda: b"133;D;7\x07" in client.seen(integrated_session), "its end")
    done = _run(system, "last", integrated_session)
    assert done.returncode == 1
    assert b"bytes of it are no longer kept" in done.stderr
    assert set(done.stdout) == {ord("x")}
    missing = int(done.stderr.split(b"the first ")[1].split()[0])
    assert len(done.stdout) + missing == 6_000_000


def test_without_shell_integration_it_says_so(system: System, fresh_session: str) -> None:
    done = _run(system, "last", fresh_session)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"shell integration" in done.stderr


def test_the_wrong_session(system: System, client: NodeClient, fresh_session: str) -> None:
    for command in (("send", "nobody", "x"), ("snapshot", "nobody"), ("last", "nobody"), ("send", fresh_session)):
        done = _run(system, *command)
        assert done.returncode == 2
        assert b"Traceback" not in done.stderr


def test_nothing_runs(tmp_path: Path) -> None:
    for command in (("trace",), ("send", "active", "x"), ("snapshot", "active"), ("last", "active"), ("attach",)):
        done = subprocess.run(
            [sys.executable, "-m", "itermbus", *command],
            env=environment(tmp_path),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, b"is not running" in done.stderr) == (4, True), done.stderr
