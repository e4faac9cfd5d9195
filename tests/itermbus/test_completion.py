"""Completion: for each shell a script, and in it our commands, processes, logs and sessions."""

import shutil
import subprocess

import pytest

from itermbus import completion, exit_codes
from tests.itermbus.support import SESSION_ID, Home


def complete(home: Home, shell: str, words: str) -> list[str]:
    """What a shell would be told for `words`, the last of which is being typed."""
    home.environment |= {
        "_ITERMBUS_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
        "_TYPER_COMPLETE_ARGS": words,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    return home.run().stdout.splitlines()


@pytest.fixture
def with_sessions(home: Home) -> Home:
    home.run("init", "--headless")
    (home.paths.conf_d / f"pty-{SESSION_ID}.conf").write_text("")
    (home.paths.log / "broker.log").write_text("")
    return home


@pytest.mark.parametrize("shell", ["zsh", "bash", "fish"])
def test_the_script_is_one(home: Home, shell: str) -> None:
    home.environment["_ITERMBUS_COMPLETE"] = f"source_{shell}"
    done = home.run()
    assert done.returncode == exit_codes.OK
    assert "_ITERMBUS_COMPLETE=complete_" in done.stdout
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=done.stdout, text=True, check=True)


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_processes_logs_and_commands(with_sessions: Home, shell: str) -> None:
    names = [line.split("\t")[0] for line in complete(with_sessions, shell, "itermbus restart ")]
    assert names == ["all", "broker", "gateway", "headless", f"pty-{SESSION_ID}"]
    assert complete(with_sessions, shell, "itermbus restart pty-01") == [f"pty-{SESSION_ID}"]
    assert [line.split("\t")[0] for line in complete(with_sessions, shell, "itermbus logs b")] == ["broker"]
    commands = [line.split("\t")[0] for line in complete(with_sessions, shell, "itermbus s")]
    assert {"status", "sessions", "supervise"} <= {*commands}


def test_for_zsh_too(with_sessions: Home) -> None:
    assert f"pty-{SESSION_ID}" in "".join(complete(with_sessions, "zsh", "itermbus restart pty"))


def test_a_bash_with_the_script_completes(with_sessions: Home) -> None:
    with_sessions.environment["_ITERMBUS_COMPLETE"] = "source_bash"
    script = with_sessions.run().stdout
    del with_sessions.environment["_ITERMBUS_COMPLETE"]
    program = (
        f"{script}\n"
        + "COMP_WORDS=(itermbus restart gat); COMP_CWORD=2; _itermbus_completion itermbus; echo ${COMPREPLY[@]}\n"
    )
    done = subprocess.run(
        ["bash"], input=program, env=with_sessions.environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["gateway"], done.stderr


def test_session_ids_for_commands_that_name_one(with_sessions: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(with_sessions.path))
    assert completion.sessions("") == completion.sessions(SESSION_ID[:4].lower()) == [SESSION_ID]
    assert completion.sessions("F") == []


def test_without_anything_nothing_breaks(home: Home) -> None:
    assert complete(home, "bash", "itermbus restart g") == ["gateway"]
    assert complete(home, "bash", "itermbus logs x") in ([], [""])
    assert not home.paths.root.exists()
