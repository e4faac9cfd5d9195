"""The gateway's loop: one thread, one poll, every wait bounded. Whoever is slow waits alone."""

import itertools
import logging
import time
from collections import defaultdict
from collections.abc import Mapping
from socket import socket

import zmq

from bus import peer, sockets
from bus.codec import Event, Frame
from bus.config import Gateway as Settings
from bus.errors import Busy
from bus.messages.events import Attachment, PromptMark, SessionConfig, SessionSnapshot, SizeChanged
from bus.messages.layout import Layout
from bus.messages.stat import GatewayFigures
from bus.paths import Paths
from bus.process import StopSignal
from bus.stat_feed import StatFeed
from bus.subscriptions import Subscriptions
from workers.gateway import dialect1, figures
from workers.gateway.audit import Audit
from workers.gateway.broker_link import BrokerLink
from workers.gateway.claims import Claims
from workers.gateway.client import Client
from workers.gateway.connection import Connection
from workers.gateway.identity import Identity
from workers.gateway.leases import Grid, Leases
from workers.gateway.listener import Listener
from workers.gateway.reader import Upstream
from workers.gateway.services import Services
from workers.gateway.session_table import SessionTable
from workers.gateway.timers import Timers, TurnClock
from workers.gateway.typist import Typist
from workers.gateway.worker_link import WorkerLink

log = logging.getLogger("gateway")

#: The longest wait for an event: whether supervisord still lives is looked at then.
_TICK_SECONDS = 1.0

#: How long the end waits for leased sizes to be given back.
_CLOSE_SECONDS = 1.0
_CLOSE_POLL_MS = 100


class Gateway:
    """Serves clients at a listener until told to stop."""

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        paths: Paths,
        settings: Settings,
        listener: Listener,
        audit: Audit,
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._timers = Timers()
        self._broker = BrokerLink(context, paths, self._timers, self._take_event)
        self._workers = WorkerLink(paths, self._timers)
        self._clock = TurnClock()
        self._audit = audit
        self._services = self._serve_with(audit)
        self._table = self._services.table
        self._clients: dict[int, Client] = {}
        self._numbers = itertools.count(1)
        self._publisher = sockets.knowing_publisher(context, None, [paths.bus_feed])
        self._subscriptions = Subscriptions(self._publisher)
        self._stat = StatFeed(self._publisher, self._subscriptions, "gateway", self._figures)
        self._poller = zmq.Poller()
        for readable in (
            self._publisher,
            listener.fileno(),
            self._broker.events,
            self._broker.replies,
            self._workers.fileno(),
        ):
            self._poller.register(readable, zmq.POLLIN)

    def _serve_with(self, audit: Audit) -> Services:
        table = SessionTable(self._broker, self._workers, self._timers)

        def size_of(session_id: str) -> Grid | None:
            session = None if table.index is None else table.index.sessions.get(session_id)
            return None if session is None else Grid(session.columns, session.rows)

        claims = Claims()
        return Services(
            table=table,
            upstream=Upstream(self._broker, self._workers),
            timers=self._timers,
            claims=claims,
            leases=Leases(self._broker, self._timers, size_of),
            typist=Typist(table, claims, audit),
        )

    def run(self, stop: StopSignal) -> None:
        """Serves until `stop` says so."""
        self._poller.register(stop.fileno(), zmq.POLLIN)
        self._broker.start()
        while not stop:
            wait = self._timers.seconds_left(_TICK_SECONDS)
            self._clock.wait_begins()
            ready = dict(self._poller.poll(0 if self._has_more() else int(wait * 1000) + 1))
            self._clock.wait_ended()
            if self._workers.fileno() in ready or self._has_more():
                self._take_frames()
            if self._broker.replies in ready:
                self._broker.receive_replies()
            if self._broker.events in ready:
                self._broker.receive_events()
            if self._listener.fileno() in ready:
                self._accept()
            for descriptor in ready:
                if descriptor in self._clients:
                    self._serve(descriptor, ready[descriptor])
            if self._publisher in ready:
                self._stat.greet(self._subscriptions.take_news())
            self._stat.tick()
            self._timers.run_due()
            self._flush_clients()

    def close(self) -> None:
        """Lets the clients go. Sizes that they had leased are given back first."""
        for descriptor in list(self._clients):
            self._drop(descriptor)
        deadline = time.monotonic() + _CLOSE_SECONDS
        while self._services.leases.returning and time.monotonic() < deadline:
            if self._broker.replies.poll(_CLOSE_POLL_MS):
                self._broker.receive_replies()
        self._audit.close()
        self._broker.close()
        self._workers.close()
        self._publisher.close()

    def _figures(self) -> GatewayFigures:
        return figures.compose(
            self._table.tally,
            self._table.streams,
            (client.connection.statistics() for client in self._clients.values()),
            self._broker.malformed + self._workers.malformed,
        )

    # --- from the bus ---

    def _has_more(self) -> bool:
        """Whether rings have bytes that somebody can take."""
        return self._workers.has_more(self._table.has_room)

    def _take_frames(self) -> None:
        by_session: dict[str, list[Frame | SizeChanged | PromptMark]] = defaultdict(list)
        for message in self._workers.receive(self._table.has_room):
            if isinstance(message, Frame):
                by_session[message.session_id].append(message)
            elif isinstance(message.body, SizeChanged | PromptMark):
                by_session[message.body.session_id].append(message.body)
            elif isinstance(message.body, Attachment):
                attachment = message.body
                self._take_messages({attachment.session_id: by_session.pop(attachment.session_id, [])})
                if attachment.attached:
                    self._table.attached(attachment.session_id, attachment.epoch)
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
                self._services.claims.keep_sessions(set(index.sessions))
                self._services.leases.keep_sessions(set(index.sessions))
                for client in list(self._clients.values()):
                    client.conversation.layout_changed(index)
            case Attachment(attached=True, session_id=session_id):
                # Its link tells the same, in its place among the bytes; but to be heard it has to be there.
                self._workers.look_for(session_id)
                self._table.worker_came(session_id)
            case SizeChanged(session_id=session_id) | PromptMark(session_id=session_id):
                stream = self._table.streams.get(session_id)
                if stream is not None:
                    stream.take_mark(event.body)
            case SessionSnapshot():
                for client in list(self._clients.values()):
                    client.conversation.screen_changed(event.body, event.payload)
            case SessionConfig(session_id=session_id, config=config):
                for client in list(self._clients.values()):
                    client.conversation.config_changed(session_id, config)

    # --- clients ---

    def _accept(self) -> None:
        connected = self._listener.accept()
        if connected is None:
            return
        if len(self._clients) >= self._settings.clients:
            _turn_away(connected, self._settings.clients)
            return
        connection = Connection(connected, next(self._numbers), self._settings.client_queue_bytes, self._clock)
        identity = Identity(connection.number, peer.peer_pid(connected))
        self._clients[connection.fileno()] = Client(connection, identity, self._services, self._settings)
        self._poller.register(connection.fileno(), zmq.POLLIN)
        log.info("client %d connected; %d in all", connection.number, len(self._clients))

    def _serve(self, descriptor: int, events: int) -> None:
        if events & (zmq.POLLIN | zmq.POLLERR):
            self._clients[descriptor].receive()

    def _flush_clients(self) -> None:
        """Sends what this turn has queued, and watches for what each client can do next."""
        for descriptor, client in list(self._clients.items()):
            client.connection.flush()
            if client.connection.closed:
                self._drop(descriptor)
                continue
            wanted = zmq.POLLIN if client.conversation.wants_input else 0
            if client.connection.wants_to_write:
                wanted |= zmq.POLLOUT
            self._poller.modify(descriptor, wanted)

    def _drop(self, descriptor: int) -> None:
        client = self._clients.pop(descriptor)
        if descriptor in self._poller:
            self._poller.unregister(descriptor)
        client.close()
        client.connection.release()
        statistics = client.connection.statistics()
        self._table.tally.add_client(statistics)
        log.info("client %d is gone; %s", client.identity.number, statistics)


def _turn_away(connected: socket, limit: int) -> None:
    """Tells a client that there are too many."""
    connected.setblocking(False)
    try:
        connected.send(dialect1.error(Busy(f"there are {limit} clients already; gateway.clients sets how many may be")))
    except OSError as error:
        log.debug("a client that was turned away had gone: %s", error)
    connected.close()
