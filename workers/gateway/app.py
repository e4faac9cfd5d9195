"""The gateway's loop: one thread, one poll, every wait bounded. Whoever is slow waits alone."""

import itertools
import logging
from collections import defaultdict
from collections.abc import Mapping
from socket import socket

import zmq

from bus.codec import Event, Frame
from bus.config import Gateway as Settings
from bus.errors import Busy
from bus.messages import Attachment, Layout, PromptMark, SessionConfig, SessionSnapshot, SizeChanged
from bus.paths import Paths
from bus.process import StopSignal
from workers.gateway import dialect1
from workers.gateway.broker_link import BrokerLink
from workers.gateway.connection import Connection
from workers.gateway.conversation import Conversation
from workers.gateway.listener import Listener
from workers.gateway.reader import Upstream
from workers.gateway.session_table import SessionTable
from workers.gateway.timers import Timers
from workers.gateway.worker_link import WorkerLink

log = logging.getLogger("gateway")

#: A client that speaks another dialect says so within this (the gateway's contract).
_HELLO_SECONDS = 0.1

#: The longest wait for an event: whether supervisord still lives is looked at then.
_TICK_SECONDS = 1.0


class Gateway:
    """Serves clients at a listener until told to stop."""

    def __init__(
        self, context: zmq.Context[zmq.Socket[bytes]], paths: Paths, settings: Settings, listener: Listener
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._timers = Timers()
        self._broker = BrokerLink(context, paths, self._timers, self._take_event)
        self._workers = WorkerLink(context, paths, self._timers)
        self._table = SessionTable(self._broker, self._workers, self._timers)
        self._upstream = Upstream(self._broker, self._workers)
        self._clients: dict[int, tuple[Connection, Conversation]] = {}
        self._numbers = itertools.count(1)
        self._poller = zmq.Poller()
        for readable in (
            listener.fileno(),
            self._broker.events,
            self._broker.replies,
            self._workers.frames,
            self._workers.replies,
        ):
            self._poller.register(readable, zmq.POLLIN)

    def run(self, stop: StopSignal) -> None:
        """Serves until `stop` says so."""
        self._poller.register(stop.fileno(), zmq.POLLIN)
        self._broker.start()
        while not stop:
            wait = self._timers.seconds_left(_TICK_SECONDS)
            ready = dict(self._poller.poll(int(wait * 1000) + 1))
            if self._workers.frames in ready:
                self._take_frames()
            if self._workers.replies in ready:
                self._workers.receive_replies()
            if self._broker.replies in ready:
                self._broker.receive_replies()
            if self._broker.events in ready:
                self._broker.receive_events()
            if self._listener.fileno() in ready:
                self._accept()
            for descriptor in ready:
                if descriptor in self._clients:
                    self._serve(descriptor, ready[descriptor])
            self._timers.run_due()
            self._flush_clients()

    def close(self) -> None:
        for descriptor in list(self._clients):
            self._drop(descriptor)
        self._broker.close()
        self._workers.close()

    # --- from the bus ---

    def _take_frames(self) -> None:
        by_session: dict[str, list[Frame | SizeChanged | PromptMark]] = defaultdict(list)
        for message in self._workers.receive_frames():
            if isinstance(message, Frame):
                by_session[message.session_id].append(message)
            elif isinstance(message.body, SizeChanged | PromptMark):
                by_session[message.body.session_id].append(message.body)
            elif isinstance(message.body, Attachment):
                # What was printed before it comes first.
                self._take_messages({message.body.session_id: by_session.pop(message.body.session_id, [])})
                self._take_event(message)
        self._take_messages(by_session)

    def _take_messages(self, by_session: Mapping[str, list[Frame | SizeChanged | PromptMark]]) -> None:
        for session_id, messages in by_session.items():
            stream = self._table.streams.get(session_id)
            if stream is not None:
                stream.take(messages)

    def _take_event(self, event: Event) -> None:
        match event.body:
            case Layout():
                index = self._table.apply(event.body)
                for _connection, conversation in list(self._clients.values()):
                    conversation.layout_changed(index)
            case Attachment(attached=True, session_id=session_id, epoch=epoch):
                stream = self._table.streams.get(session_id)
                if stream is not None:
                    stream.begin_epoch(epoch)
            case SizeChanged(session_id=session_id) | PromptMark(session_id=session_id):
                stream = self._table.streams.get(session_id)
                if stream is not None:
                    stream.take_mark(event.body)
            case SessionSnapshot():
                for _connection, conversation in list(self._clients.values()):
                    conversation.screen_changed(event.body, event.payload)
            case SessionConfig(session_id=session_id, config=config):
                for _connection, conversation in list(self._clients.values()):
                    conversation.config_changed(session_id, config)

    # --- clients ---

    def _accept(self) -> None:
        connected = self._listener.accept()
        if connected is None:
            return
        if len(self._clients) >= self._settings.clients:
            _turn_away(connected, self._settings.clients)
            return
        connection = Connection(connected, next(self._numbers), self._settings.client_queue_bytes)
        conversation = Conversation(connection, self._table, self._upstream, self._timers, self._settings)
        self._clients[connection.fileno()] = (connection, conversation)
        self._poller.register(connection.fileno(), zmq.POLLIN)
        self._timers.after(_HELLO_SECONDS, lambda: None if connection.closed else conversation.start())
        log.info("client %d connected; %d in all", connection.number, len(self._clients))

    def _serve(self, descriptor: int, events: int) -> None:
        connection, conversation = self._clients[descriptor]
        if events & (zmq.POLLIN | zmq.POLLERR):
            for line in connection.receive():
                conversation.receive(line)

    def _flush_clients(self) -> None:
        """Sends what this turn has queued, and watches for what each client can do next."""
        for descriptor, (connection, conversation) in list(self._clients.items()):
            connection.flush()
            if connection.closed:
                self._drop(descriptor)
                continue
            wanted = zmq.POLLIN if conversation.wants_input else 0
            if connection.wants_to_write:
                wanted |= zmq.POLLOUT
            self._poller.modify(descriptor, wanted)

    def _drop(self, descriptor: int) -> None:
        connection, conversation = self._clients.pop(descriptor)
        if descriptor in self._poller:
            self._poller.unregister(descriptor)
        conversation.close()
        connection.close()
        connection.release()
        log.info("client %d is gone; %s", connection.number, connection.statistics())


def _turn_away(connected: socket, limit: int) -> None:
    """Tells a client that there are too many."""
    connected.setblocking(False)
    try:
        connected.send(dialect1.error(Busy(f"there are {limit} clients already; gateway.clients sets how many may be")))
    except OSError as error:
        log.debug("a client that was turned away had gone: %s", error)
    connected.close()
