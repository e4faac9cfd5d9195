"""`itermbus logs`: the right file, its end, and what comes after it."""

import signal
from pathlib import Path

import pytest

from itermbus import exit_codes
from itermbus.log_files import Tail
from tests.itermbus.support import SESSION_ID, Home, stop, wait_until


@pytest.fixture
def logged(home: Home) -> Home:
    """A home with logs, where nothing runs."""
    assert home.run("init").returncode == exit_codes.OK
    (home.paths.log / "broker.log").write_text("".join(f"broker {i}\n" for i in range(100)))
    (home.paths.log / "gateway.log").write_text("one\nbad \x1b[2J end\nhalf")
    (home.paths.log / f"pty-{SESSION_ID}.log").write_text("attached\n")
    return home


def test_the_last_lines_of_one(logged: Home) -> None:
    assert logged.run("logs", "broker", "-n", "2").stdout == "broker 98\nbroker 99\n"
    assert len(logged.run("logs", "broker").stdout.splitlines()) == 20
    assert logged.run("logs", "gateway").stdout == "one\nbad ?[2J end\n"


def test_all_of_them_with_their_names(logged: Home) -> None:
    lines = logged.run("logs", "-n", "1").stdout.splitlines()
    assert lines == ["broker: broker 99", "gateway: bad ?[2J end", f"pty-{SESSION_ID}: attached"]


@pytest.mark.parametrize("name", [SESSION_ID[:6].lower(), f"pty-{SESSION_ID}", "pty-0123"])
def test_a_session_by_the_beginning_of_its_id(logged: Home, name: str) -> None:
    assert logged.run("logs", name).stdout == "attached\n"


@pytest.mark.parametrize("name", ["nonsense", "../broker", "", "/etc/passwd", "x" * 5000])
def test_a_name_of_nothing(logged: Home, name: str) -> None:
    done = logged.run("logs", name)
    assert done.returncode == exit_codes.USAGE
    assert "There are: broker, gateway, pty-" in done.stderr or "is not unique" in done.stderr
    assert len(done.stderr) < 1000


def test_where_nothing_was_ever_started(home: Home) -> None:
    done = home.run("logs")
    assert done.returncode == exit_codes.NOT_RUNNING
    assert "never started" in done.stderr


def test_follow_until_ctrl_c(logged: Home) -> None:
    process = logged.start("logs", "-f", "-n", "1")
    wait_until(lambda: logged.output.exists() and "broker: broker 99\n" in logged.output.read_text(), "the end")
    with (logged.paths.log / "broker.log").open("a") as file:
        file.write("news\n")
    (logged.paths.log / "headless.log").write_text("first\n")
    for line in ("broker: news\n", "headless: first\n"):
        wait_until(lambda line=line: line in logged.output.read_text(), line)  # type: ignore[misc]
    assert stop(process, signal.SIGINT) == exit_codes.OK


def test_over_a_rotation_nothing_is_missed(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("1\n2\n")
    tail = Tail(path, 1)
    assert tail.read() == ["2"]
    with path.open("a") as file:
        file.write("3\nhal")
    assert tail.read() == ["3"]
    with path.open("a") as file:
        file.write("f\n")
    path.rename(tmp_path / "a.log.1")
    assert tail.read() == ["half"]
    path.write_text("new\n")
    assert tail.read() == ["new"]
    path.write_text("")
    path.write_text("x\n")
    assert tail.read() == ["x"]
    tail.close()
