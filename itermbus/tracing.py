"""What a trace of the bus lets through, and what it counts. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bus import topics
from bus.codec import Event, Frame, Published, Typed
from bus.messages.stat import Stat
from bus.position import Fresh, Missing, NewEpoch, Position, compare

#: What a trace is of unless it is told otherwise: all but what is typed.
_EVERYTHING = (topics.PTY, topics.EVENT, topics.STAT)


@dataclass(frozen=True, slots=True)
class Filter:
    """Each part that is given narrows the trace. `topics` are prefixes; `process` is a name in supervisord.

    `without`: the session whose frames are left out. What is typed may be a password, and comes only when `topics` name
    it or `with_input` is set.
    """

    session_id: str | None = None
    topics: tuple[str, ...] = ()
    process: str | None = None
    without: str | None = None
    with_input: bool = False

    def prefixes(self) -> list[str]:
        """What to subscribe to, so that nothing else is even sent; empty when nothing can match."""
        # `input` means all of it; the worker takes nothing shorter than `input.` for a wish.
        wanted = [topics.INPUT if one == topics.INPUT[:-1] else one for one in self.topics] or list(_EVERYTHING)
        if self.with_input:
            wanted.append(topics.INPUT)
        if self.session_id is not None:
            of_it = [topics.PTY + self.session_id, topics.INPUT + self.session_id, topics.EVENT]
            wanted = _common(wanted, of_it)
        if self.process is not None:
            wanted = _common(wanted, _of_process(self.process))
        return [one for one in wanted if not any(one != other and one.startswith(other) for other in wanted)]

    def takes(self, message: Published) -> bool:
        """Whether a message that came by these prefixes is wanted."""
        if self.session_id is not None and session_of(message) != self.session_id:
            return False
        if isinstance(message, Frame | Typed) and message.session_id == self.without:
            return False
        return self.process is None or process_of(message).lower() == self.process.lower()


def topic_of(message: Published) -> str:
    """The topic that a message came by."""
    match message:
        case Frame(session_id=session_id):
            return topics.PTY + session_id
        case Typed(session_id=session_id):
            return topics.INPUT + session_id
        case Event(name=name):
            return topics.EVENT + name
        case Stat(process=process):
            return topics.STAT + process.lower()


def session_of(message: Published) -> str | None:
    """The session that a message is about, if it is about one."""
    if isinstance(message, Frame | Typed):
        return message.session_id
    return getattr(message.body, "session_id", None) if isinstance(message, Event) else None


def process_of(message: Published) -> str:
    """The process that published a message."""
    if isinstance(message, Stat):
        return message.process
    session_id = session_of(message)
    return topics.publisher(topic_of(message)) or (topics.worker_name(session_id) if session_id else "")


def _common(left: Sequence[str], right: Sequence[str]) -> list[str]:
    """The prefixes of what begins with one of `left` and with one of `right`."""
    both = [(a, b) for a in left for b in right]
    return sorted({max(a, b, key=len) for a, b in both if a.startswith(b) or b.startswith(a)})


def _of_process(name: str) -> list[str]:
    """The prefixes under which a process publishes."""
    found = [topics.STAT + name.lower()]
    if name == "broker":
        found.append(topics.EVENT)
    session_id = name.removeprefix(topics.WORKER_PREFIX)
    if topics.is_session_id(session_id):
        found += [topics.PTY + session_id, topics.INPUT + session_id, topics.EVENT]
    return found


@dataclass(slots=True)
class Lost:
    """The bytes from `start` up to `end` of a session's epoch were published and did not come."""

    session_id: str
    epoch: str
    start: int
    end: int


@dataclass(slots=True)
class Counts:
    """What a trace has seen. Latencies are seconds, from the read of the bytes to their delivery here."""

    frames: int = 0
    bytes: int = 0
    events: int = 0
    stats: int = 0
    inputs: int = 0
    unreadable: int = 0
    gaps: int = 0
    gap_bytes: int = 0
    new_epochs: int = 0
    latency_most: float = 0.0
    latency_sum: float = 0.0
    _places: dict[str, Position] = field(default_factory=dict)

    @property
    def messages(self) -> int:
        return self.frames + self.events + self.stats + self.inputs

    @property
    def latency_mean(self) -> float:
        return self.latency_sum / self.frames if self.frames else 0.0

    def take(self, message: Published, now: float) -> Lost | None:
        """Counts a message that came at `now`. What did not come before it is told by the jump of its offset."""
        if isinstance(message, Event):
            self.events += 1
            return None
        if isinstance(message, Stat):
            self.stats += 1
            return None
        if isinstance(message, Typed):
            self.inputs += 1
            return None
        self.frames += 1
        self.bytes += len(message.payload)
        latency = max(0.0, now - message.header.time)
        self.latency_sum += latency
        self.latency_most = max(self.latency_most, latency)
        return self._place(message)

    def _place(self, frame: Frame) -> Lost | None:
        header, length = frame.header, len(frame.payload)
        before = self._places.get(frame.session_id)
        self._places[frame.session_id] = Position(header.epoch, header.offset + length)
        if before is None:
            return None
        match compare(before, header.epoch, header.offset, length):
            case Missing(start, end):
                self.gaps += 1
                self.gap_bytes += end - start
                return Lost(frame.session_id, header.epoch, start, end)
            case NewEpoch():
                self.new_epochs += 1
            case Fresh(skip) if skip == length and length:
                # A repetition: the place stays where it was.
                self._places[frame.session_id] = before
        return None

    def summary(self) -> dict[str, int | float]:
        """The figures for a closing line."""
        return {
            "frames": self.frames,
            "bytes": self.bytes,
            "events": self.events,
            "stats": self.stats,
            "inputs": self.inputs,
            "unreadable": self.unreadable,
            "gaps": self.gaps,
            "gap_bytes": self.gap_bytes,
            "new_epochs": self.new_epochs,
            "latency_mean": round(self.latency_mean, 6),
            "latency_most": round(self.latency_most, 6),
        }
