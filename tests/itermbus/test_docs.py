"""The commands in the documentation, run as they stand there, or marked as needing what the tests have not."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from itermbus import exit_codes
from itermbus.__main__ import app
from tests.itermbus.support import BIN, PATIENCE, Home, wait_until

DOCS = Path(__file__).parents[2] / "docs"

#: A marker, then a block of shell commands; both may stand in a list.
_BLOCK = re.compile(r"(?:<!-- (run(?:: (\d+))?|Mac|not run: [^>]+) -->\n)?( *)```sh\n(.*?)```", re.DOTALL)

PAGES = ("cli.md", "quick-start.md", "troubleshooting.md")


def blocks(page: str) -> Iterator[tuple[str | None, int, list[str]]]:
    """Each block's marker, the exit code that its commands have, and the commands."""
    text = (DOCS / page).read_text(encoding="utf-8")
    for marker, code, _, body in _BLOCK.findall(text):
        yield marker or None, int(code or 0), [line.strip() for line in body.splitlines() if line.strip()]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_does_what_the_page_says(home: Home, page: str) -> None:
    for marker, code, commands in blocks(page):
        assert marker is not None, f"{page}: say what is to become of {commands}"
        for command in commands if marker.startswith("run") else []:
            done = subprocess.run(
                ["bash", "-c", command],
                env=home.environment,
                cwd=home.path,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
            assert done.returncode == code, (command, done.stdout, done.stderr)
    assert home.processes() == []


def _example(page: str, name: str) -> list[str]:
    """The lines of the block behind `<!-- test: name -->`."""
    found = re.search(rf"<!-- test: {name} -->\n```sh\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1].splitlines()


def test_plain_supervisor_as_it_stands_there(home: Home) -> None:
    environment = home.environment | {"PATH": f"{BIN}:{home.environment['PATH']}"}

    def run(command: str, folder: Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["sh", "-c", command],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    *start, status = _example("install.md", "plain supervisor")
    for command in start:
        done = run(command, DOCS.parent)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    # It says with its exit code that something is still starting.
    wait_until(lambda: run(status, DOCS.parent).returncode == 0, "all processes to run")
    [anywhere] = _example("install.md", "from anywhere")
    assert "gateway" in run(anywhere, home.path).stdout
    assert home.run("down").returncode == 0


def test_the_pages_have_every_command_and_the_first_every_exit_code() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in DOCS.glob("*.md"))
    for command in app.registered_commands:
        assert command.callback is not None
        name = command.name or command.callback.__name__
        assert f"`{name}`" in text or f"itermbus {name}" in text, name
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    for code in exit_codes.MEANINGS:
        assert f"\n| {code} | " in text
