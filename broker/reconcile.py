"""What is, and what to do about it. Pure.

Any notification leads here, and so does the clock: the difference between what is wanted and what is there decides,
never what the notification said. A lost one costs a moment, not correctness.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from broker.attach import CONNECTING, EXITED, FOREIGN, Launch, Leave, Ours, decide
from broker.coprocess_command import CoprocessCommand
from broker.model import Listing, Model, SessionRecord
from bus.limits import STREAMED_SESSIONS

BROWSER = "a web page, not a terminal"
TOO_MANY = "too many sessions are streamed already"
TMUX_GATEWAY = "a tmux gateway: tmux's own protocol, not a terminal"

#: supervisord's states (supervisor/states.py) in which there is a process, or one about to be.
_ALIVE = frozenset({"STARTING", "RUNNING", "BACKOFF"})
_ENDED = frozenset({"STOPPED", "EXITED", "FATAL", "UNKNOWN"})

#: Unanswered heartbeats after which a running worker counts as hung.
SILENT_MOST = 2


class AddWorker(NamedTuple):
    """Write the conf file and have supervisord run it."""

    session_id: str


class StartWorker(NamedTuple):
    """supervisord knows it and does not run it."""

    session_id: str


class StopWorker(NamedTuple):
    """Ask it to stop; removing it comes once it has."""

    session_id: str


class RemoveWorker(NamedTuple):
    """Have supervisord forget it, and remove its files."""

    session_id: str


class KillWorker(NamedTuple):
    """It hangs: supervisord starts it again once it is dead."""

    session_id: str


class StartCoprocess(NamedTuple):
    """Start our coprocess in this session."""

    session_id: str


Action = AddWorker | StartWorker | StopWorker | RemoveWorker | KillWorker | StartCoprocess


@dataclass(frozen=True, slots=True)
class Present:
    """What was found a moment ago."""

    #: iTerm2's list, None when it could not be asked: then nothing is known of which sessions are.
    listing: Listing | None
    #: supervisord's PTY workers: session id -> state name.
    states: Mapping[str, str] = field(default_factory=dict)
    configured: frozenset[str] = frozenset()
    #: Sessions with any file of a worker.
    left: frozenset[str] = frozenset()
    #: Command lines of coprocesses, of the sessions that were asked; None: none is running.
    coprocesses: Mapping[str, str | None] = field(default_factory=dict)
    now: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, why a session is not attached (None: it is, or is about to be), and when to look again."""

    actions: tuple[Action, ...]
    reasons: Mapping[str, str | None]
    until: float | None = None


def plan(
    model: Model, present: Present, command: CoprocessCommand, per_hour: int, most: int = STREAMED_SESSIONS
) -> Plan:
    """The difference between what is wanted and what is there. `most`: how many sessions may have a worker."""
    if present.listing is None:
        return Plan(tuple(_hung(model, present)), {})
    fates = {
        session_id: _fate(model, session_id, present, command, per_hour)
        for session_id in sorted(present.listing.session_ids())
    }
    wanted = _wanted(fates, present, most)
    too_many = _Fate(worker=False, reason=TOO_MANY)
    fates = {name: too_many if fate.worker and name not in wanted else fate for name, fate in fates.items()}
    launches = (StartCoprocess(session_id) for session_id, fate in fates.items() if fate.launch)
    return Plan(
        # Workers first: a coprocess looks for its worker at once, and tries again only after a pause.
        actions=(*_workers(wanted, present), *_hung(model, present), *launches),
        reasons={session_id: fate.reason for session_id, fate in fates.items()},
        until=min((fate.until for fate in fates.values() if fate.until is not None), default=None),
    )


def cannot_attach(record: SessionRecord) -> str | None:
    """Why a session can have no coprocess of ours at all, None when it can."""
    if record.browser:
        return BROWSER
    if record.variables.get("tmuxRole") == "gateway":
        return TMUX_GATEWAY
    return None


def is_shown_by_snapshots(record: SessionRecord) -> bool:
    """Whether nobody gets a session's bytes, so that only its screen tells what is in it.

    Its program having ended counts too: iTerm2 withholds the last bytes from the coprocess and leaves the pipe open
    (sources/Tasks/TaskNotifier.m:100).
    """
    if record.browser:
        return False
    return record.exited or (record.attached is not True and record.reason not in (None, CONNECTING))


class _Fate(NamedTuple):
    """What is wanted of one session: a worker, a coprocess; why it is not attached if it is not; when to look again."""

    worker: bool
    reason: str | None
    launch: bool = False
    until: float | None = None


def _fate(model: Model, session_id: str, present: Present, command: CoprocessCommand, per_hour: int) -> _Fate:
    record = model.sessions.get(session_id, SessionRecord())
    has_worker = session_id in present.states
    never = cannot_attach(record)
    if never is not None:
        return _Fate(worker=False, reason=never)
    if session_id not in present.coprocesses:
        # Not asked, because its worker holds the pipe or iTerm2 did not answer: no reason to change anything.
        return _Fate(worker=has_worker or record.attached is True, reason=record.reason)
    now, coprocess = present.now, present.coprocesses[session_id]
    decision = decide(coprocess, command, record.history, exited=record.exited, per_hour=per_hour, now=now)
    match decision:
        case Leave(reason=reason, until=until):
            worker = reason != FOREIGN and (reason != EXITED or has_worker)
            return _Fate(worker, reason, until=None if model.detaching else until)
        case Launch():
            return _Fate(worker=True, reason=CONNECTING, launch=not model.detaching)
        case Ours():
            return _Fate(worker=True, reason=CONNECTING)


def _wanted(fates: Mapping[str, _Fate], present: Present, most: int) -> frozenset[str]:
    """The sessions that are to have a worker: those that have one go first, so that none is taken away."""
    names = (session_id for session_id, fate in fates.items() if fate.worker)
    return frozenset(sorted(names, key=lambda name: (name not in present.states, name))[:most])


def _workers(wanted: frozenset[str], present: Present) -> Iterator[Action]:
    for session_id in sorted(wanted):
        state = present.states.get(session_id)
        if state is None or session_id not in present.configured:
            yield AddWorker(session_id)
        elif state in _ENDED:
            yield StartWorker(session_id)
    for session_id in sorted((present.left | present.states.keys()) - wanted):
        state = present.states.get(session_id)
        if state is None or state in _ENDED:
            yield RemoveWorker(session_id)
        elif state in _ALIVE:
            yield StopWorker(session_id)


def _hung(model: Model, present: Present) -> Iterator[Action]:
    for session_id, record in sorted(model.sessions.items()):
        if record.silent >= SILENT_MOST and present.states.get(session_id) == "RUNNING":
            yield KillWorker(session_id)
