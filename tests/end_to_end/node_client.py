"""Drives the Node client from a test: what it got, what it is to send."""

import base64
import json
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support import PATIENCE, wait_until

Message = dict[str, Any]

_RELAY = Path(__file__).parent / "relay.mjs"


class NodeClient:
    """A running Node process that is connected to the gateway. `messages` grows as lines arrive."""

    def __init__(self, gateway: Path, *mode: str) -> None:
        self.messages: list[Message] = []
        self.raw_lines: list[bytes] = []
        self._process = subprocess.Popen(
            ["node", str(_RELAY), str(gateway), *mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if not line.endswith(b"\n"):
                return  # The client was ended in the middle of it.
            self.raw_lines.append(line)
            self.messages.append(json.loads(line))

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except BrokenPipeError:
                continue

    def send_raw(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def send(self, kind: str, **keys: Any) -> None:
        self.send_raw(json.dumps({"type": kind, **keys}).encode() + b"\n")

    def type(self, session_id: str, data: bytes) -> None:
        """Types `data` into a session, in messages as long as a line allows."""
        for start in range(0, len(data), 600_000):
            piece = data[start : start + 600_000]
            self.send("terminal_input", session_id=session_id, data=base64.b64encode(piece).decode())

    def expect(
        self, kind: str, where: Callable[[Message], bool] = lambda _: True, since: int = 0, seconds: float = PATIENCE
    ) -> Message:
        """The first message of a type that came after the first `since` ones, waiting for it."""

        def find() -> Message | None:
            return next((m for m in self.messages[since:] if m["type"] == kind and where(m)), None)

        return wait_until(find, f"a {kind} message; got {[m['type'] for m in self.messages[since:]]}", seconds)

    def wait_ready(self) -> None:
        self.expect("ready")

    @property
    def sessions(self) -> list[Message]:
        """The latest list of sessions."""
        lists = [m["sessions"] for m in self.messages if m["type"] == "sessions"]
        return lists[-1] if lists else []

    @property
    def active(self) -> Message:
        return next(session for session in self.sessions if session["is_active"])

    def output(self, session_id: str, since: int = 0) -> bytes:
        """The bytes of a session's `terminal_data` so far."""
        return b"".join(
            base64.b64decode(m["data"])
            for m in self.messages[since:]
            if m["type"] == "terminal_data" and m["session_id"] == session_id
        )

    def screens(self, session_id: str, since: int = 0) -> list[bytes]:
        """The repaints of a session so far."""
        return [
            base64.b64decode(m["data"])
            for m in self.messages[since:]
            if m["type"] == "initial_terminal_data" and m["session_id"] == session_id
        ]

    def seen(self, session_id: str, since: int = 0) -> bytes:
        """All that a session's viewer was given, repaints and output, in order."""
        return b"".join(
            base64.b64decode(m["data"])
            for m in self.messages[since:]
            if m.get("data") and m["session_id"] == session_id
        )

    def wait_output(self, session_id: str, text: bytes, since: int = 0, seconds: float = PATIENCE) -> None:
        wait_until(lambda: text in self.output(session_id, since), f"{text!r} in the session's output", seconds)
