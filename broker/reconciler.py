"""The one routine to which everything leads: look, plan, act; again when asked, when due, and on the clock."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace

from broker.actions import Actions
from broker.announcer import Announcer
from broker.attach import STOPPED
from broker.attach_store import AttachStore
from broker.coprocess_command import CoprocessCommand
from broker.iterm2_keeper import Iterm2Keeper
from broker.iterm2_link import Link
from broker.looker import Looker
from broker.model import Listing, Model, Pane, SessionRecord
from broker.onlooker import Onlooker
from broker.reconcile import TOO_MANY, Plan, Present, cannot_attach, plan
from broker.supervisor_client import SupervisorClient, SupervisorError
from broker.worker_files import WorkerFiles
from broker.workers import Workers
from bus.config import Broker as Settings
from bus.errors import RequestError, UnsupportedVersion
from bus.messages.results import Position

log = logging.getLogger("broker.reconcile")

#: A burst of notifications is one look.
_BURST_SECONDS = 0.01

#: How soon to look at what came of actions, and to try again after a failure.
_AFTER_ACTIONS_SECONDS = 0.1
_AFTER_FAILURE_SECONDS = 1.0

#: A worker that is attached and answered is asked again after so many full rounds: to ask a hundred in each would be a
#: third of all that itermbus uses while nothing happens. Where output waits, its shim notices a worker that hangs long
#: before (`coprocess/watch.py`).
_HEARTBEAT_ROUNDS = 4

#: supervisord's states of a worker that can be spoken to.
_HAS_PROCESS = frozenset({"STARTING", "RUNNING"})

#: States in which iTerm2 is known to be gone, and its sessions with it.
_GONE = frozenset({"not_running", "not_installed"})


class Reconciler:
    """Runs until cancelled. Whoever learns of a change calls `request`."""

    def __init__(
        self,
        model: Model,
        keeper: Iterm2Keeper,
        looker: Looker,
        onlooker: Onlooker,
        announcer: Announcer,
        supervisor: SupervisorClient,
        workers: Workers,
        files: WorkerFiles,
        actions: Actions,
        store: AttachStore,
        command: CoprocessCommand,
        settings: Settings,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._model = model
        self._keeper = keeper
        self._looker = looker
        self._onlooker = onlooker
        self._announcer = announcer
        self._supervisor = supervisor
        self._workers = workers
        self._files = files
        self._actions = actions
        self._store = store
        self._command = command
        self._settings = settings
        self._clock = clock
        self._wanted = asyncio.Event()
        #: supervisord's list, as long as nothing can have changed it.
        self._states: dict[str, str] | None = None
        self._failing = ""
        self._left_out = 0
        self.rounds = 0
        self._full_rounds = 0

    def request(self) -> None:
        """Something changed, or may have: look soon."""
        self._wanted.set()

    async def run(self) -> None:
        """Looks, plans and acts until cancelled; no failure ends it."""
        full_at = 0.0
        wait = 0.0
        while True:
            await self._wait(wait)
            now = asyncio.get_running_loop().time()
            full = now >= full_at
            if full:
                full_at = now + self._settings.reconcile_seconds
            wait = min(await self._round_safely(full), self._settings.reconcile_seconds)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wanted.wait()
                await asyncio.sleep(_BURST_SECONDS)
        except TimeoutError:
            pass
        self._wanted.clear()

    async def _round_safely(self, full: bool) -> float:
        """One round. Returns after how many seconds the next one is due unless it is asked for."""
        try:
            wait = await self._round(full)
        except (RequestError, SupervisorError, OSError) as error:
            self._states = None
            if str(error) != self._failing:
                self._failing = str(error)
                log.warning("%s; trying again", error)
            return _AFTER_FAILURE_SECONDS
        if self._failing:
            log.info("reconciling works again")
            self._failing = ""
        return wait

    async def _round(self, full: bool) -> float:
        self.rounds += 1
        self._full_rounds += full
        link = self._keeper.link
        if full or self._states is None:
            self._states = await self._supervisor.states()
        if self.rounds == 1:
            await self._adopt(self._states)
        listing = await self._look(link, full)
        strangers = await self._hear_workers(full, link)
        if listing is not None and link is None:
            # iTerm2 is gone as far as we can see; an open pipe says otherwise, and its worker stays.
            listing = replace(listing, buried=(*listing.buried, *map(Pane, strangers)))
        present = await self._present(link, listing)
        todo = plan(self._model, present, self._command, self._settings.attaches_per_hour, self._settings.sessions)
        self._note(todo)
        if link is not None or self._keeper.has_failed:
            self._announcer.open()
        await self._onlooker.follow(link, full)
        self._store.save(self._model.histories())
        if todo.actions:
            self._states = None
            await self._actions.carry_out(todo.actions, link)
            return _AFTER_ACTIONS_SECONDS
        if any(state in ("STARTING", "STOPPING", "BACKOFF") for state in present.states.values()):
            self._states = None
            return _AFTER_ACTIONS_SECONDS * 3
        if todo.until is None:
            return self._settings.reconcile_seconds
        return max(todo.until - self._clock(), _BURST_SECONDS)

    async def _adopt(self, states: dict[str, str]) -> None:
        """Hears the workers of the broker before, so that its sessions are attached from the first word on."""
        running = [name for name, state in states.items() if state == "RUNNING"]
        for name, position in (await self._workers.positions(running)).items():
            record = self._model.record(name)
            record.worker = True
            record.attached = position.attached if isinstance(position, Position) else None

    async def _look(self, link: Link | None, full: bool) -> Listing | None:
        """iTerm2's list, None while nobody knows."""
        if link is not None:
            return await self._looker.look(link, full)
        return self._looker.forget_unattached() if self._model.status.state in _GONE else None

    async def _hear_workers(self, full: bool, link: Link | None) -> list[str]:
        """Asks the workers that are not known to be attached; on the clock those that were silent, too, and some of the
        others: an event of theirs may have been lost, and a worker that hangs does not say so.

        Returns those that are, or may be, attached though their sessions are not known: there may be no list yet.
        """
        known, states = self._model.sessions, self._states or {}
        # One that is only starting says by itself when it is attached, and its silence means nothing.
        running = [name for name, state in states.items() if state == "RUNNING"]
        asked = [
            name
            for number, name in enumerate(sorted(running))
            if (self._is_due(known[name], number, full) if name in known else link is None)
        ]
        strangers = [name for name, state in states.items() if state == "STARTING" and name not in known]
        for name, position in (await self._workers.positions(asked)).items():
            record = known.get(name)
            if record is None:
                strangers += [name] if isinstance(position, Position) and position.attached else []
            elif position is None:
                record.silent += 1 if full else 0
            elif isinstance(position, UnsupportedVersion):
                record.silent = 0
            else:
                record.silent = 0
                record.attached = position.attached
                if position.stopped and not position.attached and not record.history.stopped:
                    record.history = replace(record.history, stopped=True)
        return strangers

    def _is_due(self, record: SessionRecord, number: int, full: bool) -> bool:
        due = full and (record.silent > 0 or number % _HEARTBEAT_ROUNDS == self._full_rounds % _HEARTBEAT_ROUNDS)
        return due or not record.attached

    async def _present(self, link: Link | None, listing: Listing | None) -> Present:
        coprocesses: dict[str, str | None] = {}
        if link is not None and listing is not None:
            sessions = {name: self._model.sessions[name] for name in listing.session_ids()}
            ask = (name for name, record in sessions.items() if not record.attached and not cannot_attach(record))
            coprocesses = await self._looker.coprocesses(link, ask)
        return Present(
            listing=listing,
            states=self._states or {},
            configured=self._files.configured(),
            left=self._files.left(),
            coprocesses=coprocesses,
            now=self._clock(),
        )

    def _note(self, todo: Plan) -> None:
        left_out = sum(reason == TOO_MANY for reason in todo.reasons.values())
        if left_out != self._left_out:
            log.warning("%d sessions are not streamed: %d at most are", left_out, self._settings.sessions)
            self._left_out = left_out
        for name, record in self._model.sessions.items():
            record.worker = (self._states or {}).get(name) in _HAS_PROCESS
            reason = todo.reasons.get(name, record.reason)
            if reason != record.reason and reason == STOPPED:
                log.info("session %s is not attached: %s", name, reason)
            record.reason = reason
        self._announcer.changed()
