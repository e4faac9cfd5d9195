"""One client: its connection, and the dialect that it speaks at the moment."""

import logging

from bus.config import Gateway
from bus.errors import Invalid, RequestError, UnsupportedVersion
from workers.gateway import dialect2, dialect2_lines, wire
from workers.gateway.connection import Connection
from workers.gateway.conversation import Conversation
from workers.gateway.conversation2 import Conversation2
from workers.gateway.identity import Identity
from workers.gateway.lines import TooLongLine
from workers.gateway.services import Services

log = logging.getLogger("gateway.client")

#: A client that speaks dialect 2 says so within this, or later.
_HELLO_SECONDS = 0.1


class Client:
    """A client from its connection on: dialect 1 after a moment without `hello`, dialect 2 from its `hello` on."""

    def __init__(self, connection: Connection, identity: Identity, services: Services, settings: Gateway) -> None:
        self.connection = connection
        self.identity = identity
        self._services = services
        first = Conversation(connection, identity, services, settings)
        self.conversation: Conversation | Conversation2 = first
        services.timers.after(_HELLO_SECONDS, first.start)

    def receive(self) -> None:
        """Carries out what has come."""
        for line in self.connection.receive():
            if self._is_hello(line):
                self._begin_dialect2(line)
            else:
                self.conversation.receive(line)

    def close(self) -> None:
        """The client is gone: what it held is free again."""
        self.conversation.close()
        self._services.claims.drop_client(self.identity)
        self._services.leases.drop_client(self.identity)
        self.connection.close()

    def _is_hello(self, line: bytes | TooLongLine) -> bool:
        if isinstance(line, TooLongLine) or isinstance(self.conversation, Conversation2) or b"hello" not in line:
            return False
        try:
            return wire.type_of(line) == "hello"
        except RequestError:
            return False

    def _begin_dialect2(self, line: bytes | TooLongLine) -> None:
        assert isinstance(line, bytes)
        try:
            asked = dialect2.version_of(line)
            if asked != dialect2.VERSION:
                raise UnsupportedVersion(f"hello: this gateway speaks version {dialect2.VERSION}, not {asked}")
            hello = dialect2.parse(line, "hello")
            if not isinstance(hello, dialect2.Hello):
                raise Invalid("hello")
        except RequestError as error:
            self.connection.send(dialect2_lines.error_line(error, dialect2.id_of(line)))
            return
        self.conversation.close()
        self.identity.name = hello.client
        log.info("client %d speaks dialect 2", self.identity.number)
        second = Conversation2(self.connection, self.identity, self._services, hello)
        self.conversation = second
        second.start()
