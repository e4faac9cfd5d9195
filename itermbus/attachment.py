"""A session on the user's terminal: its screen, then its bytes; the keys go back."""

import os
import select
import signal
import time
from dataclasses import dataclass

from itermbus import size_lease
from itermbus.detach_key import DetachKey
from itermbus.following import Follower
from itermbus.gateway_messages import AnyMessage, Closed, Data, Error, Result, Size, Snapshot, Welcome
from itermbus.notice import Notice
from itermbus.raw_terminal import RawTerminal
from itermbus.signal_queue import SignalQueue
from itermbus.size_lease import SizeLease
from itermbus.typed_input import Typing

#: Seconds between two looks for a gateway that is away.
_AWAY_SECONDS = 0.2

_STOPS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})

_BELL = b"\a"

#: The name of requests for a fresh screen, and seconds until one that was refused is asked for again.
_REPAINT = "repaint"
_AGAIN_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Manner:
    """How to attach. `resize`: the session takes our size."""

    detach_key: DetachKey
    read_only: bool = False
    resize: bool = False


class Attachment:
    """One attachment, from the first screen to its end; `run` returns why it ended, in words."""

    def __init__(self, terminal: RawTerminal, follower: Follower, manner: Manner) -> None:
        self._terminal = terminal
        self._follower = follower
        self._manner = manner
        self._typing = Typing(follower)
        self._notice = Notice(terminal.write, lambda: terminal.size)
        self._lease = SizeLease(follower, terminal.size) if manner.resize else None
        #: Whether the user was told that somebody else has set the size.
        self._taken_back = False
        self._size: tuple[int, int] | None = None
        self._repaint_at: float | None = None
        self._ended = ""

    def run(self) -> str:
        """Shows the session until the detach key, its end, or a signal. Raises `OSError` for a closed terminal."""
        numbers = (*_STOPS, signal.SIGWINCH, signal.SIGTSTP)
        with SignalQueue(*numbers) as signals:
            while not self._ended:
                self._turn(signals)
        return self._ended

    def _turn(self, signals: SignalQueue) -> None:
        """Waits for one of everything, and sees to it."""
        watched: list[SignalQueue | Follower | RawTerminal] = [signals]
        if self._follower.connected:
            watched.append(self._follower)
        if not self._typing.is_full:
            watched.append(self._terminal)
        ready = select.select(watched, [], [], self._patience())[0]
        if signals in ready:
            self._take_signals(signals.take())
        if self._terminal in ready:
            self._take_keys(self._terminal.read())
        if self._follower in ready:
            for message in self._follower.receive():
                self._take(message)
            if not self._follower.connected:
                self._gateway_gone()
        elif not self._follower.connected:
            self._follower.reconnect()
        self._in_time()

    def _patience(self) -> float | None:
        """Seconds until something is due by itself."""
        due = [self._notice.seconds_left, self._lease.seconds_left if self._lease is not None else None]
        due.append(None if self._repaint_at is None else max(0.0, self._repaint_at - time.monotonic()))
        due.append(None if self._follower.connected else _AWAY_SECONDS)
        return min((seconds for seconds in due if seconds is not None), default=None)

    def _in_time(self) -> None:
        if self._notice.ended() or (self._repaint_at is not None and time.monotonic() >= self._repaint_at):
            self._repaint()
        if self._lease is None:
            return
        if self._follower.connected:
            self._lease.renew()
        if self._lease.taken_back and not self._taken_back:
            self._tell_size()
        self._taken_back = self._lease.taken_back

    # --- from the session ---

    def _take(self, message: AnyMessage) -> None:
        match message:
            case Welcome():
                self._welcomed()
            case Data(data=data):
                self._terminal.write(data)
            case Snapshot():
                self._terminal.write(message.data)
                if not message.more:
                    self._typing.welcome()
                    self._sized((message.columns, message.rows))
            case Size(columns=columns, rows=rows):
                if self._lease is not None:
                    self._lease.told((columns, rows))
                self._sized((columns, rows))
            case Result() | Error():
                self._answered(message)
            case Closed():
                self._ended = "the session has ended"

    def _answered(self, answer: Result | Error) -> None:
        self._typing.answered(answer)
        if isinstance(answer, Error) and answer.id == _REPAINT:
            self._repaint_at = time.monotonic() + _AGAIN_SECONDS
        elif isinstance(answer, Error):
            if self._lease is not None and answer.id in (size_lease.REQUEST, size_lease.RENEWAL):
                self._lease.refused(str(answer.id))
            self._notice.show(answer.message)
            if answer.id is None:
                self._ended = answer.message  # our hello was refused
        elif self._lease is not None and answer.columns is not None and answer.rows is not None:
            size = (answer.columns, answer.rows)
            if answer.id == size_lease.REQUEST:
                size = self._lease.granted(size)
            else:
                self._lease.told(size)
            self._sized(size)

    def _sized(self, size: tuple[int, int]) -> None:
        first, self._size, changed = self._size is None, size, size != self._size
        if changed and (first or (size != self._terminal.size and not self._leases)):
            self._tell_size()

    def _tell_size(self) -> None:
        columns, rows = self._terminal.size
        text = self._detach_text
        if self._size is not None and self._size != (columns, rows) and not self._leases:
            why = "see --resize" if self._lease is None else "set elsewhere, and left so"
            text += f" The session is {self._size[0]}x{self._size[1]}, this terminal {columns}x{rows} ({why})."
        self._notice.show(text)

    @property
    def _leases(self) -> bool:
        """Whether the session is to have this terminal's size, and nobody has set another."""
        return self._lease is not None and not self._lease.taken_back

    # --- from the user ---

    def _take_keys(self, typed: bytes) -> None:
        if not typed:
            self._ended = "the terminal was closed"
            return
        before, detach = self._manner.detach_key.split(typed)
        if self._manner.read_only:
            if before:
                self._notice.show(f"Read-only: nothing is sent. {self._detach_text}")
        elif not self._typing.type(before):
            self._terminal.write(_BELL)
        if detach:
            self._ended = "detached"

    def _take_signals(self, numbers: frozenset[int]) -> None:
        if numbers & _STOPS:
            self._ended = "detached by a signal"
        elif signal.SIGTSTP in numbers:
            self._suspend()
        elif signal.SIGWINCH in numbers:
            if self._lease is not None:
                self._lease.resize(self._terminal.size)
            else:
                self._tell_size()

    def _suspend(self) -> None:
        """Gives the terminal back and stops, as SIGTSTP asks; goes on with a fresh screen."""
        self._terminal.__exit__()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._terminal.__enter__()
        if self._lease is not None:
            self._lease.resize(self._terminal.size)
        self._repaint()

    # --- to the gateway ---

    def _gateway_gone(self) -> None:
        unknown = self._typing.gone()
        lost = f" {unknown} typed bytes may be lost." if unknown else ""
        self._notice.show(f"The gateway has gone; waiting for it.{lost} {self._detach_text}")

    def _welcomed(self) -> None:
        """A gateway that has just started may not know the session yet: what was typed waits for the screen."""
        if self._lease is not None:
            self._lease.welcome()
        if self._follower.reconnections:
            self._repaint()  # takes the notice away

    def _repaint(self) -> None:
        """Asks for the screen as it is, which comes between the right two bytes."""
        self._repaint_at = None
        self._follower.send("snapshot", {"id": _REPAINT})

    @property
    def _detach_text(self) -> str:
        return f"{self._manner.detach_key.name} detaches."
