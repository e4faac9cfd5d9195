"""What clients type, on its way into the sessions: in order, in pieces, and every failure told.

Each session has one queue, and one piece of it under way: a piece that is refused must not be followed by the next
one of the same input, or a paste would arrive with a hole in it.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from bus.errors import Busy, NotAttached, RequestError, RequestTimeout
from bus.limits import INPUT_BYTES
from bus.messages.commands import Input, SendText
from bus.messages.results import Done, Written
from workers.gateway.broker_link import BrokerLink
from workers.gateway.timers import Timers
from workers.gateway.utf8 import cut_before
from workers.gateway.worker_link import WorkerLink

#: A piece that a worker gets at a time.
_PIECE_BYTES = min(16 * 1024, INPUT_BYTES)

#: A piece that goes through iTerm2's API, which has no flow control (iTerm2 sources/API/iTermAPIHelper.m:2405).
_TEXT_BYTES = 4 * 1024

#: How long a session's program may leave a piece unread.
_INPUT_SECONDS = 10.0

#: A worker that has just come answers within this what it was asked; what it was not asked, its predecessor was.
_NEW_WORKER_SECONDS = 1.0

#: Told once for each input: None when all of it was written, and how many of its bytes were for certain.
OnDone = Callable[[RequestError | None, int], None]

#: Nobody knows what became of a piece that nobody answered, and to send it again could type it twice.
_UNCERTAIN = "the session's worker did not answer: of this input, up to {} more bytes may have been written"


@dataclass(slots=True)
class _Typed:
    rest: bytes
    on_done: OnDone
    written: int = 0


class TypingQueue:
    """The input of one session. `takes_bytes` tells by which way it goes at the moment."""

    def __init__(
        self,
        session_id: str,
        broker: BrokerLink,
        workers: WorkerLink,
        timers: Timers,
        takes_bytes: Callable[[], bool],
    ) -> None:
        self._session_id = session_id
        self._broker = broker
        self._workers = workers
        self._timers = timers
        self._takes_bytes = takes_bytes
        self._inputs: deque[_Typed] = deque()
        #: Bytes that were put and are not in the session yet.
        self.waiting_bytes = 0
        self._under_way = False
        self._pumping = False
        #: Grows with each piece; an answer to an earlier one changes nothing any more.
        self._piece = 0
        self._asked_worker = False

    def put(self, data: bytes, on_done: OnDone) -> None:
        """Types `data` after all that was put before."""
        self._inputs.append(_Typed(data, on_done))
        self.waiting_bytes += len(data)
        self._pump()

    def worker_came(self) -> None:
        """The session has a worker that is new: one that was asked before it died answers nothing any more."""
        piece = self._piece

        def give_up() -> None:
            if self._under_way and self._asked_worker and piece == self._piece:
                typed = self._inputs[0]
                self._fail(typed, RequestTimeout(_UNCERTAIN.format(min(len(typed.rest), _PIECE_BYTES))))

        if self._under_way and self._asked_worker:
            self._timers.after(_NEW_WORKER_SECONDS, give_up)

    def _pump(self) -> None:
        """Starts the next piece, if none is under way. An answer may come before the question returns."""
        if self._pumping:
            return
        self._pumping = True
        while self._inputs and not self._under_way:
            typed = self._inputs[0]
            if not typed.rest:
                self._inputs.popleft()
                typed.on_done(None, typed.written)
                continue
            self._under_way = True
            if self._takes_bytes():
                self._type(typed)
            else:
                self._send_text(typed)
        self._pumping = False

    def _type(self, typed: _Typed) -> None:
        piece = typed.rest[:_PIECE_BYTES]
        self._asked_worker = True
        self._piece += 1
        number = self._piece

        def is_waited_for() -> bool:
            return self._under_way and number == self._piece

        def written(result: Written, _payload: bytes) -> None:
            if is_waited_for():
                self._finish(typed, result.written, len(piece))

        def refused(error: RequestError) -> None:
            if not is_waited_for():
                return
            if isinstance(error, NotAttached):
                # It has just ended, or is about to be attached: iTerm2's own way is always there.
                self._send_text(typed)
            elif isinstance(error, RequestTimeout):
                self._fail(typed, RequestTimeout(_UNCERTAIN.format(len(piece))))
            else:
                self._fail(typed, error)

        self._workers.ask(self._session_id, Input(), Written, written, refused, piece, _INPUT_SECONDS)

    def _send_text(self, typed: _Typed) -> None:
        piece = typed.rest[: cut_before(typed.rest, _TEXT_BYTES) or _TEXT_BYTES]
        self._asked_worker = False

        def sent(_result: Done, _payload: bytes) -> None:
            self._finish(typed, len(piece), len(piece))

        self._broker.ask(
            SendText(session_id=self._session_id),
            Done,
            sent,
            lambda error: self._fail(typed, error),
            piece,
            _INPUT_SECONDS,
        )

    def _finish(self, typed: _Typed, written: int, asked: int) -> None:
        typed.rest = typed.rest[written:]
        typed.written += written
        self.waiting_bytes -= written
        if written < asked:
            left = len(typed.rest)
            self._fail(typed, Busy(f"the program in this session stopped reading: {left} bytes were not written"))
            return
        self._under_way = False
        self._pump()

    def _fail(self, typed: _Typed, error: RequestError) -> None:
        self._inputs.popleft()
        self._under_way = False
        self.waiting_bytes -= len(typed.rest)
        typed.on_done(error, typed.written)
        self._pump()
