"""Sizes and prompts on the line of a session's bytes, with the real host and a real worker."""

from typing import Any

from bus.messages.commands import GetPosition, Replay, Resize, SendText
from bus.messages.results import Done, Position, Replayed, Size
from bus.rpc import Client
from tests.broker.system import System, wait_event
from tests.support import wait_until

#: What a shell with shell integration prints around a command (OSC 133).
_INTEGRATED = r"""
prompt() { printf '\033]133;A\007%% \033]133;B\007'; }
run() { printf '\033]133;C;\007'; "$@"; printf '\033]133;D;%s\007' $?; }
"""


def _bytes(system: System, session_id: str, epoch: str, start: int, end: int) -> bytes:
    """A range of a session's stream."""
    with Client(system.context, system.paths.session(session_id).rpc) as worker:
        result, data = worker.call(Replay(epoch=epoch, offset=start, limit=end - start), Replayed)
    assert (result.epoch, result.offset) == (epoch, start)
    return data


def _send(system: System, session_id: str, text: str) -> None:
    system.call(SendText(session_id=session_id), Done, text.encode())


def _of(session_id: str, **keys: Any) -> Any:
    return lambda body: body.session_id == session_id and all(getattr(body, k) == v for k, v in keys.items())


def test_a_commands_range_is_exactly_its_output(system: System) -> None:
    session_id = system.new_session().session_id
    system.wait_attached(session_id)
    script = system.home / "integrated.sh"
    script.write_text(_INTEGRATED)
    with system.subscribe("prompt") as prompts:
        _send(system, session_id, f". {script}; prompt; run sh -c 'printf \"one\\\\ntwo\\\\n\"; exit 3'\n")
        running = wait_event(prompts, _of(session_id, state="running"), "a command")
        finished = wait_event(prompts, _of(session_id, state="finished"), "its end")
    assert _bytes(system, session_id, running.epoch, running.offset, finished.offset) == b"one\r\ntwo\r\n"
    assert finished.status == 3
    assert finished.path is not None


def test_a_new_size_is_told_at_its_byte(system: System) -> None:
    session_id = system.new_session().session_id
    system.wait_attached(session_id)
    with system.subscribe("size") as sizes:
        size = system.call(Resize(session_id=session_id, columns=101, rows=33), Size)
        assert (size.columns, size.rows) == (101, 33)
        told = wait_event(sizes, _of(session_id, columns=101, rows=33), "the size")
    with Client(system.context, system.paths.session(session_id).rpc) as worker:
        position = worker.call(GetPosition(), Position)[0]
    assert told.epoch == position.epoch
    assert told.offset <= position.head


def test_each_epoch_begins_with_a_size(system: System) -> None:
    with system.subscribe("size") as sizes:
        session_id = system.new_session().session_id
        first = wait_event(sizes, _of(session_id), "the first size")
    with Client(system.context, system.paths.session(session_id).rpc) as worker:
        epoch = wait_until(lambda: (p := worker.call(GetPosition(), Position)[0]).attached and p.epoch, "the epoch")
    assert first.epoch == epoch
    session = system.sessions()[session_id]
    assert (first.columns, first.rows) == (session.columns, session.rows)
