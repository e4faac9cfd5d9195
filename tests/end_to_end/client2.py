"""A client of dialect 2 for tests: what it got, checked line by line, and the streams put together by offset."""

import base64
import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.contract import problem
from tests.support import PATIENCE, wait_until

Message = dict[str, Any]


class Stream:
    """The bytes of one session and epoch as a client got them, by offset, and the gaps."""

    def __init__(self) -> None:
        self.begin: int | None = None
        self.end = 0
        self.data = bytearray()
        self.gaps: list[tuple[int, int]] = []

    def take(self, message: Message) -> None:
        if self.begin is None:
            self.begin = self.end = message["offset"]
        assert message["offset"] == self.end, f"data at {message['offset']} after {self.end}"
        data = base64.b64decode(message["data"])
        assert len(data) <= message["next"] - message["offset"]
        self.data += data
        self.end = message["next"]


#: What the schema says of `data`; thousands of them a second are checked by this instead.
_DATA = {"type": str, "session_id": str, "epoch": str, "offset": int, "next": int, "data": str}


def _is_plain_data(message: Message) -> bool:
    return message["type"] == "data" and {key: type(value) for key, value in message.items()} == _DATA


class Client2:
    """A connected client that reads all the time, or at `bytes_per_second`, or only once `go_on` is called."""

    def __init__(self, gateway: Path, *, bytes_per_second: int | None = None, reads: bool = True, keep: bool = True):
        self.messages: list[Message] = []
        self.streams: dict[tuple[str, str], Stream] = {}
        self.problems: list[str] = []
        self.received = 0
        self.bytes_per_second = bytes_per_second
        self._keep = keep
        self._reads = threading.Event()
        if reads:
            self._reads.set()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(str(gateway))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def go_on(self) -> None:
        self._reads.set()

    def close(self) -> None:
        """Idempotent. Fails the test if a line was not as the contract says."""
        self._reads.set()
        if self._socket.fileno() < 0:
            return
        self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._socket.close()
        assert not self.problems, self.problems[:3]

    def _read(self) -> None:
        rest = b""
        while True:
            self._reads.wait()
            rate = self.bytes_per_second
            try:
                data = self._socket.recv(1 << 18 if rate is None else max(64, rate // 50))
            except OSError:
                return
            if not data:
                return
            self.received += len(data)
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._take(line)
            if rate is not None:
                time.sleep(len(data) / rate)

    def _take(self, line: bytes) -> None:
        try:
            assert line.isascii()
            assert len(line) < 64 * 1024
            message = json.loads(line)
            if not _is_plain_data(message):
                wrong = problem(message, 2)
                assert wrong is None, wrong
            self._place(message)
        except (AssertionError, ValueError) as error:
            self.problems.append(str(error))
            return
        if self._keep or message["type"] != "data":
            self.messages.append(message)

    def _place(self, message: Message) -> None:
        if message["type"] not in ("data", "gap", "snapshot") or message["epoch"] is None:
            return
        stream = self.streams.setdefault((message["session_id"], message["epoch"]), Stream())
        if message["type"] == "data":
            stream.take(message)
        elif message["type"] == "gap":
            assert stream.begin is None or message["from"] == stream.end
            assert message["from"] < message["to"]
            stream.gaps.append((message["from"], message["to"]))
            stream.end = message["to"]
        elif stream.begin is None:
            stream.begin = stream.end = message["offset"]
        else:
            assert message["offset"] == stream.end, f"a snapshot at {message['offset']}, data up to {stream.end}"

    # --- to the gateway ---

    def send(self, kind: str, **keys: Any) -> None:
        message = {"type": kind, **keys}
        self.send_raw(json.dumps(message).encode() + b"\n")

    def send_raw(self, data: bytes) -> None:
        self._socket.sendall(data)

    def hello(self, **keys: Any) -> Message:
        self.send("hello", version=2, **keys)

        def answered() -> bool:
            return any(m["type"] in ("welcome", "error") for m in self.messages)

        wait_until(answered, "an answer to hello")
        assert self.messages[0]["type"] == "welcome", self.messages[0]
        return self.messages[0]

    def ask(self, kind: str, **keys: Any) -> Message:
        """Sends a request and returns its answer, whatever it is."""
        name = f"{kind}-{time.monotonic_ns()}"
        self.send(kind, id=name, **keys)
        return wait_until(
            lambda: next((m for m in self.messages if m.get("id") == name), None), f"an answer to {kind} {keys}"
        )

    def type(self, session_id: str, data: bytes) -> Message:
        return self.ask("input", session_id=session_id, data=base64.b64encode(data).decode())

    # --- from the gateway ---

    def expect(
        self, kind: str, where: Callable[[Message], bool] = lambda _: True, since: int = 0, seconds: float = PATIENCE
    ) -> Message:
        def find() -> Message | None:
            return next((m for m in self.messages[since:] if m["type"] == kind and where(m)), None)

        return wait_until(find, f"a {kind} message; got {[m['type'] for m in self.messages[since:]][-20:]}", seconds)

    def stream(self, session_id: str) -> Stream:
        """The newest epoch of a session."""
        return [stream for (name, _epoch), stream in self.streams.items() if name == session_id][-1]

    def epoch(self, session_id: str) -> str:
        return [epoch for (name, epoch) in self.streams if name == session_id][-1]

    def output(self, session_id: str) -> bytes:
        return b"".join(bytes(stream.data) for (name, _), stream in self.streams.items() if name == session_id)

    def ends_with(self, session_id: str, text: bytes) -> bool:
        """Whether a session's newest bytes are these; without a copy of all of them."""
        return self.stream(session_id).data.endswith(text)

    def wait_output(self, session_id: str, text: bytes, seconds: float = PATIENCE) -> None:
        wait_until(lambda: text in self.output(session_id), f"{text!r} in the session's output", seconds)
