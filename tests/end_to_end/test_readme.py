"""What the README tells its readers to try, run as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.node_client import NodeClient
from tests.end_to_end.system import System
from tests.support import environment, wait_until

_ROOT = Path(__file__).parents[2]


def _example(name: str) -> str:
    """The code block behind `<!-- test: name -->`."""
    found = re.search(rf"<!-- test: {name} -->\n```\w+\n(.*?)```", (_ROOT / "README.md").read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def _run(system: System, command: list[str], name: str, extension: str) -> "tuple[subprocess.Popen[bytes], Path]":
    script = system.home / f"example.{extension}"
    script.write_text(_example(name))
    output = system.home / f"example.{extension}.out"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [*command, str(script)], env=environment(system.home, PYTHONUNBUFFERED="1"), stdout=file
        )
    return process, output


def test_ten_lines_trace_the_bus(system: System, client: NodeClient, fresh_session: str) -> None:
    assert len([line for line in _example("python").splitlines() if line.strip()]) <= 10
    process, output = _run(system, [sys.executable], "python", "py")
    try:

        def frame_was_printed() -> bool:
            client.type(fresh_session, b"echo traced\n")
            return f"pty.{fresh_session} {{" in output.read_text()

        wait_until(frame_was_printed, "a frame")
        client.send("tab_create")
        wait_until(lambda: "event.layout {" in output.read_text(), "an event")
    finally:
        process.kill()
        process.wait()


def test_what_looks_at_it_does(system: System, client: NodeClient, fresh_session: str) -> None:
    """Line by line; in the checkout, for supervisord.conf."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for command in _example("look").splitlines():
        done = subprocess.run(
            ["sh", "-c", command],
            env=environment(system.home, PATH=path),
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        assert done.stdout, command


def test_the_node_example_shows_the_sessions(system: System, client: NodeClient, fresh_session: str) -> None:
    process, output = _run(system, ["node"], "node", "mjs")
    try:
        wait_until(lambda: fresh_session in output.read_text(errors="replace"), "the list of sessions")
        client.type(fresh_session, b"echo from-node-$((1+1))\n")
        wait_until(lambda: "from-node-2" in output.read_text(errors="replace"), "a session's output")
    finally:
        process.kill()
        process.wait()
