"""The broker's parts, put together: started in order, stopped in reverse."""

import asyncio
import contextlib
import logging
import secrets
import signal
from typing import Any

import zmq

from broker.actions import Actions
from broker.announcer import Announcer
from broker.attach_store import AttachStore
from broker.commands import carry_out
from broker.coprocess_command import CoprocessCommand
from broker.desk import Desk
from broker.iterm2_keeper import Iterm2Keeper
from broker.looker import Looker
from broker.model import Model
from broker.offset_line import OffsetLine
from broker.onlooker import Onlooker
from broker.reconciler import Reconciler
from broker.rpc_server import RpcServer
from broker.snapshot import Snapshots
from broker.supervisor_client import SupervisorClient
from broker.trace import TraceProxy
from broker.watcher import Watcher
from broker.worker_events import WorkerEvents
from broker.worker_files import WorkerFiles
from broker.workers import Workers
from bus import sockets, stat_task, topics
from bus.config import Settings
from bus.errors import SetupError
from bus.messages.layout import Iterm2Status
from bus.messages.stat import BrokerFigures
from bus.paths import SHIM, Paths
from bus.process import ParentWatch

log = logging.getLogger("broker")

_PARENT_SECONDS = 1.0


class App:
    """One broker."""

    def __init__(self, paths: Paths, settings: Settings, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        """Makes the parts and binds `broker.rpc`. Raises `SetupError`."""
        self._sockets = _Sockets(paths, context)
        store = AttachStore(paths.run / "broker.json")
        starting = Iterm2Status(state="lost", reason="the broker is starting")
        model = Model(status=starting, remembered=store.load())
        command = CoprocessCommand(paths.environment / "bin" / "python", SHIM)
        supervisor = SupervisorClient(paths.supervisor_socket)
        workers, files = Workers(context, paths), WorkerFiles(paths, settings.worker.ring_bytes)

        self._model = model
        self._announcer = announcer = Announcer(self._sockets.publisher, model, secrets.token_hex(8))
        self._looker = looker = Looker(model, announcer)
        self._snapshots = snapshots = Snapshots(model, workers)
        self._onlooker = onlooker = Onlooker(model, announcer, snapshots)
        self._offsets = offsets = OffsetLine(model, workers, announcer.prompt)
        self._keeper = keeper = Iterm2Keeper(paths, self._on_status, self._on_notification)
        self._reconciler = Reconciler(
            model=model,
            keeper=keeper,
            looker=looker,
            onlooker=onlooker,
            announcer=announcer,
            supervisor=supervisor,
            workers=workers,
            files=files,
            actions=Actions(model, supervisor, files, store, command),
            store=store,
            command=command,
            settings=settings.broker,
        )
        request_look = self._reconciler.request
        self._watcher = Watcher(model, announcer, looker, onlooker, offsets, request_look)
        self._events = WorkerEvents(model, announcer, store, request_look, on_attached=offsets.size_changed)
        desk = Desk(model, keeper, announcer, looker, snapshots, store, command, request_look)
        self._server = RpcServer(self._sockets.router, lambda command, payload: carry_out(desk, command, payload))

    async def run(self) -> None:
        """Serves until SIGTERM, SIGINT, or the death of supervisord. A part that fails ends all of it."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        async with asyncio.TaskGroup() as tasks:
            parts = [
                tasks.create_task(self._server.serve(), name="commands"),
                tasks.create_task(self._events.receive(self._sockets.subscriber), name="worker events"),
                tasks.create_task(self._announcer.repeat(), name="announcements"),
                tasks.create_task(stat_task.publish(self._sockets.figures, "broker", self._figures), name="figures"),
                tasks.create_task(self._reconciler.run(), name="reconcile"),
                tasks.create_task(self._onlooker.run(), name="screens"),
                tasks.create_task(self._offsets.run(), name="offset line"),
                tasks.create_task(self._keeper.run(), name="iTerm2"),
                tasks.create_task(_watch_parent(stop), name="parent"),
            ]
            await stop.wait()
            log.info("stopping")
            for part in reversed(parts):
                part.cancel()

    def close(self) -> None:
        """Closes the sockets. Workers and coprocesses go on without us."""
        self._announcer.close()
        self._sockets.close()

    def _on_status(self, status: Iterm2Status) -> None:
        was_connected = self._model.status.state == "connected"
        self._model.status = status
        self._announcer.iterm2(status)
        if was_connected:
            self._events.connection_ended()
        self._announcer.changed()
        self._reconciler.request()

    def _on_notification(self, notification: Any) -> None:
        self._watcher.handle(notification)

    def _figures(self) -> BrokerFigures:
        sessions = self._model.sessions.values()
        return BrokerFigures(
            sessions=len(sessions),
            attached=sum(record.attached is True for record in sessions),
            iterm2_state=self._model.status.state,
            iterm2_connections=self._keeper.connections,
            reconcile_rounds=self._reconciler.rounds,
            snapshots=self._snapshots.taken,
            snapshot_age=self._snapshots.age,
            screens_followed=self._onlooker.following,
            screens_shown=self._onlooker.shown,
            offset_words_dropped=self._offsets.dropped,
            commands_answered=self._server.answered,
            malformed=self._server.malformed + self._events.malformed,
        )


class _Sockets:
    """The broker's own sockets."""

    def __init__(self, paths: Paths, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        try:
            self.router = sockets.rpc_server(context, paths.broker_rpc)
        except zmq.ZMQError as error:
            raise SetupError(f"cannot listen at {paths.broker_rpc}: {error}.") from None
        self.publisher = sockets.publisher(context, None, [paths.bus_feed])
        self.figures = sockets.knowing_publisher(context, None, [paths.bus_feed])
        self.subscriber = sockets.subscriber(context, [paths.bus_pub], [topics.event("attached")])

    def close(self) -> None:
        for socket in (self.router, self.publisher, self.figures, self.subscriber):
            socket.close()


async def _watch_parent(stop: asyncio.Event) -> None:
    parent = ParentWatch()
    while True:
        await asyncio.sleep(_PARENT_SECONDS)
        if parent.is_orphan():
            log.warning("supervisord is gone; the broker goes too, and the next supervisord starts another")
            stop.set()
            return


def run(paths: Paths, settings: Settings) -> None:
    """Runs a broker until it is told to stop. Raises `SetupError`."""

    async def main() -> None:
        with TraceProxy(paths), zmq.Context() as context:
            app = App(paths, settings, context)
            with contextlib.closing(app):
                await app.run()

    asyncio.run(main())
    # libzmq leaves the files of its listeners behind (4.3.5, src/ipc_listener.cpp: close).
    for left in (paths.bus_feed, paths.bus_pub, paths.broker_rpc):
        left.unlink(missing_ok=True)
