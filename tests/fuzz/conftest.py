"""A whole system that is fed with garbage, and judged by whether it goes on as if nothing had come."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from bus import rpc
from bus.messages.commands import GetPosition
from bus.messages.results import Position
from itermbus.gateway_probe import ask
from tests.end_to_end.conftest import System
from tests.support import end, processes_of, temporary_home, wait_until

#: In everything that is sent, so that it would be found in a log that repeats what came.
MARK = b"ZEBRA"

#: What a process may grow by, however much garbage it gets.
_GROWTH_BYTES = 64 * 1024 * 1024


class Victim(System):
    """The system under test."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.wait_up()
        wait_until(lambda: list(self.paths.run.glob("*.attach")), "the first session's worker")
        [attach] = self.paths.run.glob("*.attach")
        self.session_id = attach.stem
        wait_until(lambda: self.is_attached(self.session_id), "the first session to be attached")
        self._before = self._sizes()

    def _sizes(self) -> dict[tuple[int, str], int]:
        """Resident bytes of every process of ours; shells come and go."""
        found = {}
        for process in processes_of(self.home):
            command = process.cmdline()
            if any(word in ("broker", "workers.pty", "workers.gateway", "headless") for word in command):
                found[process.pid, command[-1]] = process.memory_info().rss
        return found

    def check(self) -> None:
        """Every process is the one from before, no larger, and answers; nothing of what came is in a log."""
        now = self._sizes()
        assert now.keys() == self._before.keys(), "a process died"
        grown = {name: size - self._before[name] for name, size in now.items()}
        assert max(grown.values()) < _GROWTH_BYTES, grown
        assert self.is_attached(self.session_id)
        with zmq.Context() as context, rpc.Client(context, self.paths.session(self.session_id).rpc) as worker:
            assert worker.call(GetPosition(), Position)[0].attached
        answer = ask(self.paths.gateway_socket, 5)
        assert answer is not None
        assert answer.complete
        assert self.host_statistics()
        for log in self.paths.log.glob("*.log*"):
            text = log.read_bytes()
            assert b"Traceback" not in text, text[-3000:]
            assert MARK not in text, text[-3000:]
            assert len(text) < 200_000, f"{log.name} was flooded"


@pytest.fixture(scope="module")
def victim() -> Iterator[Victim]:
    with temporary_home() as home:
        made = Victim(home)
        try:
            yield made
        finally:
            end(made.up)


def talk(path: Path, data: bytes, *, shut: bool = True) -> None:
    """Connects, says `data` and goes, without waiting for what comes of it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as rude:
        rude.settimeout(5)
        rude.connect(str(path))
        try:
            rude.sendall(data)
            if shut:
                rude.shutdown(socket.SHUT_WR)
                rude.recv(65536)
        except (OSError, TimeoutError):
            return
