import asyncio
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from broker.authorise import Cookie, NotAuthorised, explain, host_cookie, iterm2_cookie, run_child, why_absent
from bus.paths import Paths
from tests.support import temporary_home, wait_until


@pytest.fixture
def home() -> Iterator[Path]:
    with temporary_home() as home:
        Paths(home).run.mkdir(parents=True)
        yield home


def answered(home: Path, answer: bytes) -> tuple[Cookie | None, bytes]:
    """What comes of a control socket that gives this answer, and what it was asked."""
    asked: list[bytes] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(Paths(home).headless_socket))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                asked.append(connection.recv(1000))
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            return asyncio.run(host_cookie(Paths(home))), asked[0]
        finally:
            thread.join()


def test_a_host_gives_a_cookie(home: Path) -> None:
    cookie, asked = answered(home, b'{"cookie": "0123456789abcdef", "key": "ABCD-0123"}\n')
    assert cookie == Cookie("0123456789abcdef", "ABCD-0123")
    assert asked == b'{"request": "cookie", "name": "itermbus"}\n'


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\n",
        b"[]\n",
        b"{}\n",
        b"\xff\n",
        b'{"cookie": "x\\r\\nHost: evil", "key": ""}\n',
        b'{"cookie": 7}\n',
        b"x" * 100_000,
    ],
)
def test_any_other_answer_is_none(home: Path, answer: bytes) -> None:
    assert answered(home, answer)[0] is None


def test_no_host_no_cookie(home: Path) -> None:
    assert asyncio.run(host_cookie(Paths(home))) is None


def test_a_cookie_does_not_show_in_a_log() -> None:
    assert "secret" not in f"{Cookie('secret', 'secret')!r} {Cookie('secret', 'secret')}"


@pytest.mark.parametrize(
    ("message", "state"),
    [
        ("0:66: execution error: The Python API is not enabled. (1)", "api_disabled"),
        ("execution error: iTerm2 got an error: The Python API is not enabled.", "api_disabled"),
        ("0:66: execution error: Not authorized to send Apple events to iTerm2. (-1743)", "refused"),
        ("0:66: execution error: iTerm2 got an error: AppleEvent timed out. (-1712)", "waiting_for_authorisation"),
        ("0:66: execution error: iTerm2 got an error: Application isn’t running. (-600)", "not_running"),
        ("0:66: execution error: Denied. (2)", "refused"),
        ("something else entirely (7)", "refused"),
        ("", "refused"),
    ],
)
def test_osascripts_errors_become_states(message: str, state: str) -> None:
    status = explain(message)
    assert status.state == state
    assert status.reason


def test_off_the_mac_there_is_only_the_host() -> None:
    assert asyncio.run(why_absent("linux")).state == "not_running"


def test_a_child_is_heard() -> None:
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    assert asyncio.run(run_child(sys.executable, "-c", code, seconds=30)) == (3, "out", "err")


def test_a_child_that_hangs_is_killed_at_the_deadline_and_with_its_waiter() -> None:
    async def cancelled() -> None:
        task = asyncio.get_running_loop().create_task(run_child("/bin/sleep", "600", seconds=600), name="child")
        await asyncio.to_thread(wait_until, children, "the child to run")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    began = time.monotonic()
    with pytest.raises(TimeoutError):
        asyncio.run(run_child("/bin/sleep", "600", seconds=0.1))
    asyncio.run(cancelled())
    assert time.monotonic() - began < 20
    wait_until(lambda: not children(), "both children to be gone")


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if child.name() == "sleep"]


def script(home: Path, text: str) -> str:
    """A stand-in for osascript, which only macOS has."""
    path = home / "osascript"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return str(path)


def test_a_user_who_takes_their_time_is_told_of_and_then_heard(home: Path) -> None:
    waited: list[bool] = []

    async def ask() -> Cookie:
        # It answers once somebody noticed that it waits: the user's click.
        program = script(home, f"while [ ! -e {home}/clicked ]; do sleep 0.05; done; echo 0123456789abcdef ABCD-0123")

        def on_waiting() -> None:
            waited.append(True)
            (home / "clicked").touch()

        return await iterm2_cookie(on_waiting, program, patience=0.2)

    assert asyncio.run(ask()) == Cookie("0123456789abcdef", "ABCD-0123")
    assert waited == [True]


@pytest.mark.parametrize(
    ("text", "state", "words"),
    [
        ("echo 'execution error: The Python API is not enabled. (1)' >&2; exit 1", "api_disabled", "Enable Python API"),
        ("echo 'Not authorized to send Apple events. (-1743)' >&2; exit 1", "refused", "Automation"),
        ("echo 'AppleEvent timed out. (-1712)' >&2; exit 1", "waiting_for_authorisation", "click"),
        ("echo 'Application isn’t running. (-600)' >&2; exit 1", "not_running", "open"),
        ("echo 'Denied. (2)' >&2; exit 1", "refused", "allow"),
        ("echo not-a-cookie", "refused", "no cookie"),
    ],
)
def test_each_refusal_says_what_to_do(home: Path, text: str, state: str, words: str) -> None:
    with pytest.raises(NotAuthorised) as caught:
        asyncio.run(iterm2_cookie(lambda: None, script(home, text)))
    assert caught.value.status.state == state
    assert words in caught.value.status.reason


def test_why_nobody_listens_on_a_mac(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a process of iTerm2's name and a folder of its application's, both real."""
    if subprocess.run(["pgrep", "-x", "iTerm2"], check=False, capture_output=True).returncode == 0:
        pytest.skip("an iTerm2 runs here")
    monkeypatch.setenv("HOME", str(home))
    missing = asyncio.run(why_absent("darwin"))
    assert (missing.state, "install" in missing.reason) == ("not_installed", True)
    (home / "Applications" / "iTerm.app").mkdir(parents=True)
    quit_ = asyncio.run(why_absent("darwin"))
    assert (quit_.state, "open" in quit_.reason) == ("not_running", True)
    shutil.copy("/bin/sleep", home / "iTerm2")
    with subprocess.Popen([home / "iTerm2", "600"]) as running:
        try:
            disabled = asyncio.run(why_absent("darwin"))
        finally:
            running.kill()
    assert (disabled.state, "Enable Python API" in disabled.reason) == ("api_disabled", True)
