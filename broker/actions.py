"""Carries out what `reconcile.plan` decided."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable

from broker import iterm2_act
from broker.attach_store import AttachStore
from broker.coprocess_command import CoprocessCommand
from broker.iterm2_answers import NotInvoked
from broker.iterm2_link import Link
from broker.model import Model
from broker.reconcile import (
    Action,
    AddWorker,
    KillWorker,
    RemoveWorker,
    StartCoprocess,
    StartWorker,
    StopWorker,
)
from broker.supervisor_client import SupervisorClient
from broker.worker_files import WorkerFiles
from bus.errors import RequestError

log = logging.getLogger("broker.actions")


class Actions:
    """The hands of the reconcile routine."""

    def __init__(
        self,
        model: Model,
        supervisor: SupervisorClient,
        files: WorkerFiles,
        store: AttachStore,
        command: CoprocessCommand,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._model = model
        self._supervisor = supervisor
        self._files = files
        self._store = store
        self._command = command
        self._clock = clock

    async def carry_out(self, actions: Iterable[Action], link: Link | None) -> None:
        """All of them: workers first, then coprocesses. Raises `SupervisorError`, `OSError`."""
        actions = list(actions)
        try:
            await self._workers(actions)
        finally:
            # Whatever became of the workers: a launched coprocess waits for its worker.
            if link is not None:
                launches = [action for action in actions if isinstance(action, StartCoprocess)]
                await asyncio.gather(*(self._start_coprocess(link, launch.session_id) for launch in launches))

    async def _workers(self, actions: list[Action]) -> None:
        add = _of(actions, AddWorker)
        for session_id in add:
            self._files.write_conf(session_id)
            await asyncio.to_thread(self._files.make_ring, session_id)
        if add:
            await self._supervisor.add(add)
            log.info("added workers: %d", len(add))
        await self._supervisor.start(_of(actions, StartWorker))
        await self._supervisor.stop(_of(actions, StopWorker))
        kill = _of(actions, KillWorker)
        if kill:
            log.warning("killing workers that do not answer: %s", ", ".join(kill))
            await self._supervisor.kill(kill)
            for session_id in kill:
                self._model.record(session_id).silent = 0
        remove = _of(actions, RemoveWorker)
        if remove:
            await self._supervisor.remove(remove)
            self._files.remove(remove)
            log.info("removed workers: %d", len(remove))

    async def _start_coprocess(self, link: Link, session_id: str) -> None:
        record = self._model.sessions.get(session_id)
        if record is None:
            return
        # Counted before it is tried: a time-out does not mean that it did not happen.
        record.history = record.history.launched(self._clock())
        self._store.save(self._model.histories())
        try:
            await iterm2_act.run_coprocess(link, session_id, self._command.text)
        except NotInvoked as error:
            record.browser = record.browser or error.browser
        except RequestError as error:
            # The next look reads back what became of it.
            log.warning("starting a coprocess in session %s: %s", session_id, error)


def _of(actions: Iterable[Action], kind: type[Action]) -> list[str]:
    return [action.session_id for action in actions if isinstance(action, kind)]
