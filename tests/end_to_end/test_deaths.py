"""A process that dies comes back, and its sessions go on."""

import os
import signal

from tests.end_to_end.node_client import NodeClient
from tests.end_to_end.system import System
from tests.support import wait_until


def _pid(system: System, name: str) -> int:
    """The pid of a process, once supervisord calls it running."""
    return wait_until(lambda: system.supervisorctl()[name][1], f"{name} to be running")


def _kill(system: System, name: str) -> None:
    """Kills a process with -9 and waits until supervisord runs another in its place."""
    pid = _pid(system, name)
    os.kill(pid, signal.SIGKILL)

    def is_back() -> bool:
        state, now = system.supervisorctl().get(name, ("", 0))
        return state == "RUNNING" and now != pid

    wait_until(is_back, f"{name} to be back")


def test_a_killed_worker_is_back_and_the_session_goes_on(
    system: System, client: NodeClient, fresh_session: str
) -> None:
    client.type(fresh_session, b"answer=$((40+2))\n")
    _kill(system, f"pty-{fresh_session}")
    since = len(client.messages)
    client.type(fresh_session, b"echo still-$answer\n")
    client.wait_output(fresh_session, b"still-42", since)


def test_output_and_typing_go_on_without_the_broker(system: System, client: NodeClient, fresh_session: str) -> None:
    pid = _pid(system, "broker")
    os.kill(pid, signal.SIGSTOP)
    try:
        client.type(fresh_session, b"echo without-$((1+1))\n")
        client.wait_output(fresh_session, b"without-2")
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_killed_broker_adopts_what_runs(system: System, client: NodeClient, fresh_session: str) -> None:
    names = [f"pty-{session['session_id']}" for session in client.sessions]
    workers = {name: _pid(system, name) for name in names}
    _kill(system, "broker")
    since = len(client.messages)
    client.type(fresh_session, b"echo after-$((1+1))\n")
    client.wait_output(fresh_session, b"after-2", since)
    client.send("tab_create")
    created = client.expect("tab_switched", since=since)
    assert workers == {name: _pid(system, name) for name in names}, "no worker was started anew"
    client.send("tab_close", tab_id=created["tab_id"])


def test_a_killed_gateway_takes_new_clients(system: System, connect, fresh_session: str) -> None:  # type: ignore[no-untyped-def]
    _kill(system, "gateway")
    wait_until(system.paths.gateway_socket.exists, "the gateway's socket")
    again = connect()
    again.wait_ready()
    again.type(fresh_session, b"echo again-$((1+1))\n")
    again.wait_output(fresh_session, b"again-2")


def test_a_killed_shim_leaves_the_session_attached(system: System, client: NodeClient, fresh_session: str) -> None:
    """The worker holds iTerm2's pipe itself, so nothing is needed when the shim dies."""
    from tests.support import processes_of

    shims = [
        process
        for process in processes_of(system.home)
        if "shim.py" in " ".join(process.cmdline())
        and process.environ().get("ITERM_SESSION_ID", "").endswith(fresh_session)
    ]
    assert len(shims) == 1
    shims[0].kill()
    client.type(fresh_session, b"echo shimless-$((1+1))\n")
    client.wait_output(fresh_session, b"shimless-2")
