"""A viewer that believes nothing: it puts each session's bytes together by offset and compares them with the stream."""

import base64
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.link import Link
from tests.chaos.stream import RECORD_BYTES, expected, locate

#: Wrong things that are kept to be told; more are counted.
_FAULTS_KEPT = 20


@dataclass
class View:
    """What the witness knows of one session."""

    key: str
    epoch: str | None = None
    #: The offset of the next byte.
    next: int = 0
    #: The stream's position less the epoch's offset, once known.
    shift: int | None = None
    #: Bytes of this epoch that were not located yet, and the offset of the first.
    unknown: bytes = b""
    unknown_at: int = 0
    #: How far in the stream everything has been seen or was declared lost.
    position: int = 0
    checked_bytes: int = 0
    gaps: int = 0
    gap_bytes: int = 0
    epochs: set[str] = field(default_factory=set)
    #: An epoch has begun without a snapshot, as it does while the broker is away; one has to follow.
    owed: bool = False
    #: The newest messages, in short, for whoever looks into a fault.
    history: deque[str] = field(default_factory=lambda: deque(maxlen=8))

    def remember(self, message: dict[str, Any]) -> None:
        brief = {key: value for key, value in message.items() if key not in ("data", "session_id", "modes", "cursor")}
        self.history.append(f"{time.monotonic():.2f} {brief}")


class Witness(threading.Thread):
    """One client; `views` are its sessions. Runs until told to stop."""

    def __init__(self, name: str, gateway: Path, keys: dict[str, str]) -> None:
        """`keys`: session id -> the name of its stream."""
        super().__init__(name=name)
        self.views = {session_id: View(key) for session_id, key in keys.items()}
        self.faults: list[str] = []
        self.snapshots = 0
        self.link = Link(gateway, self._hello)
        self._stop_asked = threading.Event()
        self._paused = threading.Event()
        self._dropped = threading.Event()

    def run(self) -> None:
        while not self._stop_asked.is_set():
            if self._dropped.is_set():
                self._dropped.clear()
                self.link.drop()
            if self._paused.is_set():
                self._stop_asked.wait(0.05)
                continue
            try:
                for message in self.link.receive(0.2) or ():
                    self._take(message)
            except Exception as error:  # A thread that dies would look like one that has nothing to say.
                self._note(f"{type(error).__name__}: {error}")
                self.link.drop()
        self.link.drop()

    def stop(self) -> None:
        self._stop_asked.set()
        self.join()
        self.faults += self.link.faults

    def pause(self, paused: bool) -> None:
        """Stops reading, or goes on."""
        (self._paused.set if paused else self._paused.clear)()

    def reconnect(self) -> None:
        """Drops its connection and resumes on another."""
        self._dropped.set()

    def has_seen(self, session_id: str, position: int) -> bool:
        """Whether everything before `position` of a stream was seen or declared lost, and no snapshot is owed."""
        view = self.views[session_id]
        return view.position >= position and not view.owed

    def follows(self, session_id: str, epoch: str) -> bool:
        """Whether it knows where in the stream the bytes of `epoch` are, so the last of them tell how far it is."""
        view = self.views[session_id]
        return view.epoch == epoch and view.shift is not None

    def _hello(self) -> dict[str, Any]:
        resume = {name: {"epoch": view.epoch, "offset": view.next} for name, view in self.views.items() if view.epoch}
        return {"client": self.name, "sessions": list(self.views), "resume": resume}

    def _take(self, message: dict[str, Any]) -> None:
        view = self.views.get(message.get("session_id", ""))
        if view is None:
            return
        view.remember(message)
        match message["type"]:
            case "snapshot":
                self._snapshot(view, message)
            case "gap":
                self._gap(view, message)
            case "data":
                self._data(view, message)

    def _snapshot(self, view: View, message: dict[str, Any]) -> None:
        self.snapshots += 1
        epoch, offset = message["epoch"], message["offset"]
        if epoch is None:
            return
        if epoch == view.epoch and offset > view.next:
            self._fault(view, f"a snapshot at {offset} where {view.next} was next, and no gap told it")
        if epoch != view.epoch:
            self._begin(view, epoch)
        view.next = offset
        view.owed = False

    def _begin(self, view: View, epoch: str) -> None:
        view.epoch, view.shift, view.unknown = epoch, None, b""
        view.epochs.add(epoch)

    def _gap(self, view: View, message: dict[str, Any]) -> None:
        start, end = message["from"], message["to"]
        if message["epoch"] != view.epoch or start > view.next or end <= start:
            self._fault(view, f"a gap from {start} to {end} where {view.next} was next")
        view.gaps += 1
        view.gap_bytes += end - start
        view.next = max(view.next, end)
        view.unknown = b""
        if view.shift is not None:
            view.position = view.next + view.shift

    def _data(self, view: View, message: dict[str, Any]) -> None:
        data = base64.b64decode(message["data"], validate=True)
        epoch, offset, after = message["epoch"], message["offset"], message["next"]
        if epoch != view.epoch:
            self._begin(view, epoch)
            view.next, view.owed = offset, True
        if offset != view.next or after != offset + len(data):
            self._fault(view, f"data {offset} to {after} ({len(data)} bytes) where {view.next} was next")
            view.unknown = b""
        view.next = after
        if view.shift is None:
            self._find(view, data, offset)
        else:
            self._compare(view, data, offset)

    def _find(self, view: View, data: bytes, offset: int) -> None:
        """Gathers the first bytes of an epoch until they say where they are. A shell's prompt may come first."""
        if not view.unknown:
            view.unknown_at = offset
        view.unknown += data
        position = locate(view.unknown, view.key)
        if position is None:
            view.unknown = view.unknown[-4 * RECORD_BYTES :]
            view.unknown_at = view.next - len(view.unknown)
            return
        view.shift = position - view.unknown_at
        begin = max(0, -position)
        self._compare(view, view.unknown[begin:], view.unknown_at + begin)
        view.unknown = b""

    def _compare(self, view: View, data: bytes, offset: int) -> None:
        assert view.shift is not None
        position = offset + view.shift
        if position < 0:
            data, position = data[-position:], 0
        if data != expected(position, len(data), view.key):
            self._fault(view, f"bytes {offset} to {offset + len(data)} are not those of the stream")
        view.position = position + len(data)
        view.checked_bytes += len(data)

    def _fault(self, view: View, text: str) -> None:
        history = "".join(f"\n    {line}" for line in view.history)
        self._note(f"{view.key}: {text}{history}")

    def _note(self, text: str) -> None:
        if len(self.faults) < _FAULTS_KEPT:
            self.faults.append(f"{self.name}, connection {self.link.connections}: {text}")
