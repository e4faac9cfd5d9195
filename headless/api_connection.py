"""One API client after its handshake: websocket frames in, messages in, messages out."""

import asyncio
import logging

from google.protobuf.message import DecodeError
from iterm2 import api_pb2
from websockets.exceptions import InvalidState
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side, State

_log = logging.getLogger(__name__)
#: The frames hold terminal contents, which never go into a log, whatever its level.
_frame_log = logging.getLogger(f"{__name__}.frames")
_frame_log.disabled = True
#: Answers and notifications that may wait for a client. iTerm2 has no bound (sources/API/iTermHTTPConnection.m:390);
#: the host cuts the client off instead of filling memory.
MAX_OUTGOING = 64 * 1024 * 1024
#: Largest request. Pastes of some megabytes are common, so far above that.
MAX_INCOMING = 64 * 1024 * 1024
_READ_SIZE = 256 * 1024


class ApiConnection:
    """Sends without blocking; receives one message after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = Protocol(Side.SERVER, state=State.OPEN, max_size=MAX_INCOMING, logger=_frame_log)
        self._fragments: list[bytes | bytearray | memoryview] = []
        self.name = name
        self.peak_outgoing = 0
        self.received = 0
        self.sent = 0
        #: Cleared by a fault: the client then is not read any more.
        self.reading = asyncio.Event()
        self.reading.set()

    async def receive(self) -> list[api_pb2.ClientOriginatedMessage]:
        """The messages of the next chunk of the stream; an empty list means that the connection ended.

        Text frames are ignored, pings answered, a frame that is no message is dropped without an answer
        (sources/API/iTermAPIServer.m:1437).
        """
        while True:
            await self.reading.wait()
            try:
                data = await self._reader.read(_READ_SIZE)
            except ConnectionError:
                return []
            self._protocol.receive_data(data) if data else self._protocol.receive_eof()
            messages = self._take_messages()
            self._flush()
            if messages:
                self.received += len(messages)
                return messages
            if not data or self._protocol.state is not State.OPEN:
                return []

    def _take_messages(self) -> list[api_pb2.ClientOriginatedMessage]:
        messages = []
        for event in self._protocol.events_received():
            if not isinstance(event, Frame):
                continue
            if event.opcode is Opcode.BINARY:
                self._fragments = [event.data]
            elif event.opcode is Opcode.CONT and self._fragments:
                self._fragments.append(event.data)
            else:
                self._fragments = []
            if self._fragments and event.fin:
                message = _parse(b"".join(self._fragments))
                self._fragments = []
                if message is not None:
                    messages.append(message)
        return messages

    def send(self, message: api_pb2.ServerOriginatedMessage) -> None:
        """Queues a message; a client with MAX_OUTGOING waiting is cut off."""
        if self._writer.is_closing():
            return
        try:
            self._protocol.send_binary(message.SerializeToString())
        except InvalidState:
            return  # closing; iTerm2 drops it too
        self.sent += 1
        self._flush()

    def notify(self, notification: api_pb2.Notification) -> None:
        """Queues a notification: a message without id."""
        message = api_pb2.ServerOriginatedMessage()
        message.notification.CopyFrom(notification)
        self.send(message)

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._writer.write(data)
        waiting = self.outgoing
        self.peak_outgoing = max(self.peak_outgoing, waiting)
        if waiting > MAX_OUTGOING:
            _log.warning("client %s does not read: %d bytes wait, it is cut off", self.name, waiting)
            self.drop()

    @property
    def outgoing(self) -> int:
        """Bytes that wait for the client."""
        return self._writer.transport.get_write_buffer_size()

    def drop(self) -> None:
        """Ends the connection without a close frame, as iTerm2 does when it quits."""
        self.reading.set()
        self._writer.transport.abort()


def _parse(data: bytes) -> api_pb2.ClientOriginatedMessage | None:
    try:
        return api_pb2.ClientOriginatedMessage.FromString(data)
    except DecodeError:
        _log.debug("a frame of %d bytes is no message", len(data))
        return None
