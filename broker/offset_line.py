"""Puts what iTerm2 tells of a session onto the line of its bytes: sizes and prompts get the offset where they hold.

iTerm2's notifications carry no place in the stream, and come over another way than the bytes. A size gets the offset at
which its worker stands when it is told. A prompt gets the place of its mark (OSC 133) in the bytes, which the worker
found; the text of the command comes from iTerm2 (sources/PTYSession/PTYSession.m:18001).
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from broker.model import Model, SessionRecord
from broker.workers import Workers
from bus.errors import ItermbusError
from bus.messages.commands import FindMark, NoteSize
from bus.messages.events import PromptMark
from bus.messages.fields import MarkState
from bus.messages.results import Mark, Position

log = logging.getLogger("broker.offsets")

#: Columns and rows are two variables, told one after the other (sources/PTYSession/PTYSession.m:2617).
_SIZE_SECONDS = 0.02

#: The bytes with a mark may reach the worker after iTerm2's notification reaches us: looks for it, and their pause.
_LOOKS = 10
_LOOK_SECONDS = 0.03

#: What waits to be put on the line; older words are dropped, and counted.
_WAITING = 1000


class OffsetLine:
    """Takes words about sessions at once and puts them on the line in the order in which they came."""

    def __init__(self, model: Model, workers: Workers, publish: Callable[[PromptMark], None]) -> None:
        """`publish` sends an `event.prompt`; sizes are published by the workers themselves."""
        self._model = model
        self._workers = workers
        self._publish = publish
        self._waiting: deque[tuple[str, Any]] = deque(maxlen=_WAITING)
        self._arrived = asyncio.Event()
        self.dropped = 0

    def size_changed(self, session_id: str) -> None:
        """One of a session's `columns` and `rows` has changed."""
        if (session_id, None) not in self._waiting:
            self._put(session_id, None)

    def prompted(self, notification: Any) -> None:
        """A PromptNotification of iTerm2's API."""
        self._put(notification.session, notification)

    async def run(self) -> None:
        """Works until cancelled. A worker that does not answer costs that word, and no other."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            await asyncio.sleep(_SIZE_SECONDS)
            while self._waiting:
                session_id, notification = self._waiting.popleft()
                try:
                    await (self._note_size(session_id) if notification is None else self._note_prompt(notification))
                except ItermbusError as error:
                    log.debug("session %s: %s", session_id, error)

    def _put(self, session_id: str, notification: Any) -> None:
        record = self._model.sessions.get(session_id)
        if record is None or not record.worker:
            return
        if len(self._waiting) == _WAITING:
            self.dropped += 1
        self._waiting.append((session_id, notification))
        self._arrived.set()

    async def _note_size(self, session_id: str) -> None:
        record = self._model.sessions.get(session_id)
        if record is None:
            return
        columns, rows = record.variables.get("columns"), record.variables.get("rows")
        if isinstance(columns, int) and isinstance(rows, int) and columns > 0 and rows > 0:
            await self._workers.ask(session_id, NoteSize(columns=columns, rows=rows), Position)

    async def _note_prompt(self, notification: Any) -> None:
        record = self._model.sessions.get(notification.session)
        if record is None:
            return
        state, command, status = read_prompt(notification)
        mark = await self._find(notification.session, record, state)
        if mark is None or mark.offset is None:
            return
        path = record.variables.get("path")
        self._publish(
            PromptMark(
                session_id=notification.session,
                epoch=mark.epoch,
                offset=mark.offset,
                state=state,
                command=command,
                status=mark.status if mark.status is not None else status,
                path=path if isinstance(path, str) else None,
            )
        )

    async def _find(self, session_id: str, record: SessionRecord, state: MarkState) -> Mark | None:
        """The mark that a notification means: the newest of its kind, once that is another than the last time."""
        for _ in range(_LOOKS):
            mark = await self._workers.ask(session_id, FindMark(state=state), Mark)
            if mark.offset is not None and record.marks.get(state) != (mark.epoch, mark.offset):
                record.marks[state] = (mark.epoch, mark.offset)
                return mark
            await asyncio.sleep(_LOOK_SECONDS)
        return None


def read_prompt(notification: Any) -> tuple[MarkState, str | None, int | None]:
    """The state, command text and exit status of a PromptNotification (proto/api.proto)."""
    if notification.HasField("command_start"):
        return "running", notification.command_start.command, None
    if notification.HasField("command_end"):
        return "finished", None, notification.command_end.status
    return "prompt", None, None
