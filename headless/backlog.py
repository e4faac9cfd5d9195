"""What waits for the emulator, per session: bytes and commands in order, shedding the oldest bytes when behind."""

import re
from collections import deque

from headless.emulator.wire import Kind

#: A session's output may wait up to this long for the emulator; past it the older half is dropped. iTerm2 would
#: slow the program down instead; the host keeps the byte path (and so the coprocess) running at full speed.
MAX_BYTES = 4 * 1024 * 1024

#: What is rescued from dropped bytes: modes, keypad, titles and folder, resets, queries that wait for a reply.
_RESCUED = re.compile(
    rb"\x1b(?:\[\?(?P<modes>[0-9;]{1,64})(?P<set>[hl])|(?P<keypad>[=>])|(?P<reset>c)"
    rb"|\](?P<osc>[0127]);[^\x07\x1b]{0,1024}(?:\x07|\x1b\\)|\[(?P<query>[>?0-9;]{0,8}[cn]))"
)
_MAX_QUERIES = 16


def rescue(data: bytes) -> bytes:
    """The part of dropped output that changes modes and titles or asks questions, shortened to its last values."""
    kept: dict[bytes, bytes] = {}
    queries: list[bytes] = []
    for match in _RESCUED.finditer(data):
        if match["modes"]:
            for number in match["modes"].split(b";"):
                kept.pop(b"m" + number, None)  # the order of last settings matters: 47 against 1049
                kept[b"m" + number] = b"\x1b[?" + number + match["set"]
        elif match["keypad"]:
            kept[b"k"] = match.group()
        elif match["osc"]:
            kept[b"o" + match["osc"]] = match.group()
        elif match["reset"]:
            kept.clear()
            kept[b"r"] = match.group()
        elif len(queries) < _MAX_QUERIES:
            queries.append(match.group())
    return b"".join(kept.values()) + b"".join(queries)


class Backlog:
    """One session's queue towards the emulator."""

    def __init__(self, limit: int = MAX_BYTES) -> None:
        self._limit = limit
        self._items: deque[tuple[Kind, bytes]] = deque()
        self.waiting_bytes = 0
        self.shed_bytes = 0
        self.shed_count = 0

    def __bool__(self) -> bool:
        return bool(self._items)

    def data(self, data: bytes) -> None:
        """Queues output; drops the older half of what waits if that is more than the limit."""
        self._items.append((Kind.BYTES, data))
        self.waiting_bytes += len(data)
        if self.waiting_bytes > self._limit:
            self._shed()

    def command(self, kind: Kind, payload: bytes) -> None:
        """Queues a command; commands are never dropped."""
        self._items.append((kind, payload))

    def pop(self) -> tuple[Kind, bytes]:
        """The next item; raises IndexError if there is none."""
        kind, payload = self._items.popleft()
        if kind is Kind.BYTES:
            self.waiting_bytes -= len(payload)
        return kind, payload

    def _shed(self) -> None:
        commands: list[tuple[Kind, bytes]] = []
        dropped: list[bytes] = []
        while self.waiting_bytes > self._limit // 2:
            kind, payload = self._items.popleft()
            if kind is Kind.BYTES:
                dropped.append(payload)
                self.waiting_bytes -= len(payload)
            else:
                commands.append((kind, payload))
        lost = b"".join(dropped)
        self.shed_bytes += len(lost)
        self.shed_count += 1
        # CAN ends a sequence that the cut may have left open.
        kept = b"\x18" + rescue(lost)
        self.waiting_bytes += len(kept)
        self._items.extendleft(reversed([*commands, (Kind.BYTES, kept)]))
