"""A running system, and clients of it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.end_to_end.node_client import NodeClient
from tests.end_to_end.system import System
from tests.support import temporary_home, wait_until


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest) -> Iterator[System]:
    """One running system for the tests of a module, whose `CONFIG` is its config.toml."""
    with temporary_home() as home:
        config: str | None = getattr(request.module, "CONFIG", None)
        if config is not None:
            (home / ".itermbus").mkdir(mode=0o700)
            (home / ".itermbus" / "config.toml").write_text(config)
        running = System(home)
        try:
            running.wait_up()
            yield running
        finally:
            running.close()


@pytest.fixture
def connect(system: System) -> Iterator[Callable[..., NodeClient]]:
    """Starts Node clients and ends them with the test."""
    with ExitStack() as stack:

        def connect(*mode: str) -> NodeClient:
            client = NodeClient(system.paths.gateway_socket, *mode)
            stack.callback(client.close)
            return client

        yield connect


@pytest.fixture
def client(connect: Callable[..., NodeClient]) -> NodeClient:
    """A client that has been through the start sequence."""
    started = connect()
    started.wait_ready()
    return started


@pytest.fixture
def fresh_session(system: System, client: NodeClient) -> str:
    """A new tab's session, at its prompt and attached: what is typed echoes by way of its coprocess."""
    before = {session["session_id"] for session in client.sessions}
    since = len(client.messages)
    client.send("tab_create")
    found = client.expect("tab_switched", lambda m: m["session_id"] not in before, since)
    session_id = str(found["session_id"])
    wait_until(lambda: system.is_attached(session_id), "the new session to be attached")
    wait_until(lambda: b"ready$ " in client.seen(session_id), "the new shell's prompt")
    # What is typed now may still be shown by the repaint that follows the attachment; from its echo on it is output.
    since = len(client.messages)
    client.type(session_id, b"\n")
    wait_until(lambda: b"ready$ " in client.seen(session_id, since), "an answer of the new shell")
    return session_id
