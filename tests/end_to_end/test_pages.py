"""The examples of docs/trace.md, docs/attach.md and docs/bus.md, run as they stand there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import zmq

from bus import rpc
from bus.messages.commands import GetPosition
from bus.messages.results import Position
from tests.end_to_end.node_client import NodeClient
from tests.end_to_end.system import System
from tests.end_to_end.tmux import Pane
from tests.support import environment, wait_until

_DOCS = Path(__file__).parents[2] / "docs"


def _example(page: str, name: str) -> str:
    """The code block behind `<!-- test: name -->`."""
    found = re.search(rf"<!-- test: {name} -->\n```\w+\n(.*?)```", (_DOCS / page).read_text(), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("trace.md", "trace"),
        ("trace.md", "record"),
        ("bus.md", "shell recipe"),
        ("attach.md", "send"),
        ("attach.md", "snapshot"),
        ("attach.md", "last"),
    ],
)
def test_an_example_runs(system: System, client: NodeClient, fresh_session: str, page: str, name: str) -> None:
    if name == "last":
        client.type(fresh_session, b"printf '\\033]133;C;\\007output\\n\\033]133;D;0\\007'\n")
        wait_until(lambda: b"133;D;0\x07" in client.seen(fresh_session), "the marks")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-e", "-c", _example(page, name)],
        env=environment(system.home, PATH=path, LC_ALL="C.UTF-8"),
        cwd=system.home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if name == "last":
        assert (system.home / "output.txt").read_bytes() == b"output\r\n"
    if name == "shell recipe":
        assert '"topic": "stat.gateway"' in done.stdout
        assert done.stdout.splitlines()[-1].startswith("stat.")
    if name == "send":
        wait_until(lambda: b"\rhello\r\n" in client.seen(fresh_session), "what was sent")


def test_the_recipe_prints_what_comes_and_what_the_ring_has(
    system: System, client: NodeClient, fresh_session: str
) -> None:
    recipe, output = _example("bus.md", "recipe"), system.home / "recipe.out"
    with zmq.Context() as context, rpc.Client(context, system.paths.session(fresh_session).rpc) as worker:
        position = worker.call(GetPosition(), Position)[0]
    functions, places, loop = recipe.partition("places =")
    asked = f"print(replay({fresh_session!r}, {position.epoch!r}, {position.head - 7}, {position.head}), flush=True)\n"
    with output.open("wb") as file:
        command = [sys.executable, "-u", "-c", functions + asked + places + loop]
        process = subprocess.Popen(command, env=environment(system.home), stdout=file)
    try:
        wait_until(lambda: "b'ready$ '\n" in output.read_text(), "the bytes from the ring")

        def frame_was_printed() -> bool:
            client.type(fresh_session, b"\n")
            return f"pty.{fresh_session} b'" in output.read_text()

        wait_until(frame_was_printed, "a frame")
    finally:
        process.kill()
        process.wait()


def test_attach_as_it_stands_there(system: System, fresh_session: str) -> None:
    pane = Pane(system.home)
    try:
        pane.run(*_example("attach.md", "attach").split())
        pane.wait("Ctrl-] detaches.")
    finally:
        pane.close()
