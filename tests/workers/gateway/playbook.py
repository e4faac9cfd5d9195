"""A worker and a broker that answer when a test says so: what is lost, late or new is the test's choice.

The real ones cannot be made to drop a certain frame or to answer at a certain moment; everything else about the
gateway is tested with them, in `tests/end_to_end/`.
"""

import base64
import json
from collections import deque
from collections.abc import Callable
from typing import Any

from bus.codec import Frame
from bus.errors import RequestError
from bus.messages.commands import AnyCommand, GetConfig, GetPosition, Replay, TakeSnapshot
from bus.messages.events import FrameHeader
from bus.messages.results import Position, Replayed, Snapshot
from workers.gateway.timers import Timers

SESSION = "0A1B2C3D-0000-4000-8000-00000000000F"


class Clock:
    """Time as the test tells it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers = Timers(lambda: self.now)

    def pass_seconds(self, seconds: float) -> None:
        self.now += seconds
        self.timers.run_due()


class Worker:
    """A session's bytes: `print` adds some and returns their frame, whether or not anybody gets it."""

    def __init__(self, data: bytes = b"", epoch: str = "e1") -> None:
        self.epoch = epoch
        self.data = data
        self.tail = 0
        self.sized_at = 0
        self._asked: deque[tuple[AnyCommand, Callable[..., None], Callable[..., None]]] = deque()

    def print(self, data: bytes) -> Frame:
        header = FrameHeader(epoch=self.epoch, offset=len(self.data), time=0.0)
        self.data += data
        return Frame(SESSION, header, data)

    def begin_epoch(self, epoch: str) -> None:
        self.epoch, self.data, self.tail = epoch, b"", 0

    def wants(self, session_id: str) -> bool:
        return session_id == SESSION

    def ask(
        self,
        session_id: str,
        command: AnyCommand,
        expected: type[Any],
        on_result: Callable[..., None],
        on_refusal: Callable[..., None],
        payload: bytes = b"",
        seconds: float = 0.0,
    ) -> None:
        assert session_id == SESSION
        self._asked.append((command, on_result, on_refusal))

    def answer(self) -> AnyCommand:
        """Answers the oldest question, as things are now."""
        command, on_result, _ = self._asked.popleft()
        if isinstance(command, GetPosition):
            head = len(self.data)
            on_result(Position(epoch=self.epoch, tail=self.tail, head=head, attached=True, sized_at=self.sized_at), b"")
        else:
            assert isinstance(command, Replay)
            wanted = command.offset if command.epoch == self.epoch else self.tail
            begin = min(max(wanted, self.tail), len(self.data))
            data = self.data[begin : begin + command.limit]
            on_result(Replayed(epoch=self.epoch, offset=begin, head=len(self.data)), data)
        return command

    def answer_all(self) -> None:
        while self._asked:
            self.answer()

    def refuse(self, error: RequestError) -> None:
        self._asked.popleft()[2](error)

    @property
    def is_asked(self) -> bool:
        return bool(self._asked)


class Broker:
    """Takes snapshots when the test says so."""

    def __init__(self) -> None:
        self._asked: deque[tuple[Callable[..., None], Callable[..., None]]] = deque()

    def ask(
        self,
        command: AnyCommand,
        expected: type[Any],
        on_result: Callable[..., None],
        on_refusal: Callable[..., None],
        payload: bytes = b"",
        seconds: float = 0.0,
    ) -> None:
        assert isinstance(command, TakeSnapshot | GetConfig)
        self._asked.append((on_result, on_refusal))

    def answer(self, epoch: str | None, offset: int, screen: bytes = b"<screen>", *, approximate: bool = False) -> None:
        snapshot = Snapshot(
            session_id=SESSION,
            epoch=epoch,
            offset=offset,
            columns=80,
            rows=25,
            cursor_column=0,
            cursor_row=0,
            approximate=approximate,
        )
        self._asked.popleft()[0](snapshot, screen)

    def refuse(self, error: RequestError) -> None:
        self._asked.popleft()[1](error)

    @property
    def is_asked(self) -> bool:
        return bool(self._asked)


class Output:
    """What a client was sent, in short: bytes as bytes, screens in brackets, other lines by their type."""

    def __init__(self) -> None:
        self.got: list[bytes | str] = []
        self.full = False
        self.has_room = True

    def send(self, line: bytes, *, overtakes: bool = False) -> None:
        message = json.loads(line)
        if message["type"] == "terminal_data":
            self._add(base64.b64decode(message["data"]))
        else:
            shown = base64.b64decode(message["data"]).decode() if "data" in message else ""
            self.got.append(shown or message["type"])

    def send_output(self, lines: list[bytes], owner: object = None) -> bool:
        if self.full:
            return False
        for line in lines:
            self.send(line)
        return True

    def _add(self, data: bytes) -> None:
        last = self.got[-1] if self.got else ""
        if isinstance(last, bytes):
            self.got[-1] = last + data
        else:
            self.got.append(data)
