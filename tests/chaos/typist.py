"""A client that types numbered lines into a session and keeps account of what it was told about each."""

import base64
import threading
import time
from pathlib import Path
from typing import Any

from tests.chaos.link import Link

#: How long an answer is waited for until the line counts as one of unknown fate.
_ANSWER_SECONDS = 20.0
_PAUSE_SECONDS = 0.05


class Typist(threading.Thread):
    """Types one line after the other; each is told written, refused, or neither."""

    def __init__(self, gateway: Path, session_id: str) -> None:
        super().__init__(name="typist")
        self._session_id = session_id
        self._link = Link(gateway, lambda: {"client": "typist", "sessions": "none"})
        self._stop_asked = threading.Event()
        self.written: list[int] = []
        self.refused: list[int] = []
        self.unknown: list[int] = []

    def run(self) -> None:
        number = 0
        while not self._stop_asked.wait(_PAUSE_SECONDS):
            number += 1
            self._outcome(number).append(number)
        self._link.drop()

    def stop(self) -> None:
        self._stop_asked.set()
        self.join()

    def _outcome(self, number: int) -> list[int]:
        line = b"%08d\n" % number
        data = base64.b64encode(line).decode()
        if not self._link.send(type="input", id=number, session_id=self._session_id, data=data):
            # Nothing that was sent by halves was a whole line.
            self._link.receive(0.1)
            return self.refused
        answer = self._answer(number)
        if answer is None or (answer["type"] == "error" and answer["code"] in ("timeout", "internal")):
            return self.unknown
        if answer["type"] == "error":
            return self.refused
        return self.written if answer["written"] == len(line) else self.unknown

    def _answer(self, number: int) -> dict[str, Any] | None:
        deadline = time.monotonic() + _ANSWER_SECONDS
        while time.monotonic() < deadline:
            messages = self._link.receive(0.5)
            if messages is None:
                return None
            for message in messages:
                if message.get("id") == number:
                    return message
        return None

    def check(self, record: bytes) -> list[str]:
        """What is wrong with what the session got, compared with what was told."""
        got = [int(line) for line in record.split(b"\n")[:-1] if line.isdigit()]
        faults = []
        if b"".join(b"%08d\n" % number for number in got) != record:
            faults.append("the session got bytes that nobody typed")
        if len(set(got)) != len(got):
            faults.append(f"{len(got) - len(set(got))} lines were typed twice")
        if got != sorted(got):
            faults.append("lines came out of order")
        if lost := sorted(set(self.written) - set(got)):
            faults.append(f"{len(lost)} lines were told as written and never came: {lost[:5]}")
        if ghosts := sorted(set(self.refused) & set(got)):
            faults.append(f"{len(ghosts)} lines were told as refused and came: {ghosts[:5]}")
        return faults
