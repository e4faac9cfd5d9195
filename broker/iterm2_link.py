"""One connection to iTerm2's API. The only module that imports the `iterm2` package.

The package makes the connection (socket, headers, handshake) and builds the requests; reading is done here. Its own
reader leaves every waiting request hanging for ever when the connection drops, prints a traceback, handles
notifications in tasks that overtake each other, and keeps their callbacks in module-level tables that outlive the
connection (iterm2/connection.py:192, iterm2/notifications.py:530). None of those tables is used here, so nothing has
to be reset before the next connection.
"""

import asyncio
import contextlib
import io
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any, cast

from google.protobuf.message import DecodeError
from iterm2 import api_pb2 as protocol
from iterm2 import rpc
from iterm2.auth import applescript_auth_disabled
from iterm2.connection import Connection
from iterm2.util import CoordRange, Point, WindowedCoordRange
from websockets.exceptions import ConnectionClosed, WebSocketException

from broker.authorise import Cookie
from bus.errors import Internal, Iterm2Unavailable, RequestTimeout
from bus.messages.layout import Iterm2Status
from bus.paths import Paths

__all__ = [
    "CoordRange",
    "Link",
    "Point",
    "Unavailable",
    "WindowedCoordRange",
    "authorisation_is_off",
    "open_link",
    "protocol",
    "rpc",
]

log = logging.getLogger("broker.iterm2")

#: How long a connection may take. It is a local socket, but a busy iTerm2 answers late.
_CONNECT_SECONDS = 10.0

#: How long one request may take unless its caller knows better.
REQUEST_SECONDS = 5.0

#: The variables in which the package takes a cookie and leaves it behind (iterm2/connection.py:128).
_COOKIE_VARIABLES = ("ITERM2_COOKIE", "ITERM2_KEY")

#: HTTP statuses of the handshake (sources/API/iTermAPIServer.m:517).
_UNAUTHORISED = 401

_BUSY = "iTerm2 does not answer a new connection: it may be waiting for you in a dialog or an open menu"
_UNACCEPTED = "iTerm2 did not accept the cookie that it had given; if that stays so, quit and reopen iTerm2"


class Unavailable(Exception):
    """iTerm2 cannot be reached now; `status` says why, in words for the user."""

    def __init__(self, status: Iterm2Status) -> None:
        super().__init__(status.reason)
        self.status = status


class Unanswered(Iterm2Unavailable):
    """The connection ended after the request had been sent: nobody knows whether it was carried out."""


class Link:
    """An open connection. Requests go out in the order in which they are asked."""

    def __init__(self, connection: Connection, on_notification: Callable[[Any], None]) -> None:
        """`on_notification` is called with each notification, in their order; it must not block or raise."""
        self._connection = connection
        # Set since the connection is open; the legacy half of websockets has no types.
        self._websocket: Any = connection.websocket
        self._on_notification = on_notification
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._closed = False
        self.malformed = 0

    @property
    def version(self) -> str:
        """iTerm2's version of its API protocol, as in `1.17`."""
        try:
            major, minor = self._connection.iterm2_protocol_version
        except ValueError:
            return "0.0"
        return f"{major}.{minor}"

    async def ask(self, call: Callable[[Connection], Awaitable[Any]], seconds: float = REQUEST_SECONDS) -> Any:
        """Sends one request, as in `link.ask(rpc.async_list_sessions)`, and returns the answer.

        Raises `Iterm2Unavailable` when the connection is closed, `Unanswered` when it gets so before the answer,
        `RequestTimeout` after `seconds`, `Internal` when iTerm2 does not know the request.
        """
        if self._closed:
            raise Iterm2Unavailable("the connection to iTerm2 is closed")
        try:
            async with asyncio.timeout(seconds):
                # The builders need no more of a connection than the two methods below.
                return await call(cast(Connection, self))
        except TimeoutError:
            raise RequestTimeout(f"iTerm2 did not answer within {seconds:g} s") from None
        except ConnectionClosed:
            raise Unanswered("the connection to iTerm2 was closed") from None
        except rpc.RPCException:
            # Its text is iTerm2's and could repeat what was asked.
            raise Internal("iTerm2 does not take this request") from None

    async def async_send_message(self, message: protocol.ClientOriginatedMessage) -> None:
        """What the package's request builders call to send."""
        self._waiting[message.id] = asyncio.get_running_loop().create_future()
        try:
            await self._websocket.send(message.SerializeToString())
        except BaseException:  # Cancelled, too: nobody will wait for the answer.
            del self._waiting[message.id]
            raise

    async def async_dispatch_until_id(self, request_id: int) -> Any:
        """What the package's request builders call to wait for the answer."""
        try:
            return await self._waiting[request_id]
        finally:
            del self._waiting[request_id]

    async def read(self) -> None:
        """Reads until the connection ends. Whoever waits for an answer then gets `Unanswered`."""
        try:
            while True:
                self._receive(await self._websocket.recv())
        except ConnectionClosed:
            pass
        finally:
            self._fail_waiting()

    async def close(self) -> None:
        """Ends the connection; `read` returns."""
        self._fail_waiting()
        # Whatever the library meets while it hangs up: the connection is given up anyway, perhaps because of just that.
        with contextlib.suppress(Exception):
            # Does not wait for the peer: the package sets the closing time to 0 (iterm2/connection.py:434).
            await self._websocket.close()

    def _receive(self, data: bytes | str) -> None:
        if isinstance(data, str):
            return
        try:
            message = protocol.ServerOriginatedMessage.FromString(data)
        except DecodeError:
            self.malformed += 1
            log.warning("dropped a message of iTerm2's that cannot be parsed (%d so far)", self.malformed)
            return
        # A notification has no id, which reads as 0: it must not be taken for the answer to request 0.
        if message.HasField("notification"):
            self._on_notification(message.notification)
            return
        future = self._waiting.get(message.id)
        if future is not None and not future.done():
            future.set_result(message)

    def _fail_waiting(self) -> None:
        self._closed = True
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(Unanswered("the connection to iTerm2 was lost"))
                # Its owner may have been cancelled already; then nobody fetches it, and that is fine.
                future.exception()


def authorisation_is_off() -> bool:
    """Whether the user let every program in without a cookie (sources/API/iTermAPIHelper.m:378)."""
    return bool(applescript_auth_disabled())  # type: ignore[no-untyped-call]


async def open_link(paths: Paths, cookie: Cookie | None, on_notification: Callable[[Any], None]) -> Link:
    """Connects with a fresh cookie. Raises `Unavailable`."""
    if not paths.iterm2_socket.is_socket():
        # Without a file there the package goes to TCP port 1912 and hands the cookie to whoever listens
        # (iterm2/connection.py:405).
        raise Unavailable(
            Iterm2Status(state="not_running", reason="iTerm2 is not running: its API socket is not there")
        )
    _set_cookie(cookie)
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            # Before it ends the process, the package prints; what there is to say is said below.
            with contextlib.redirect_stdout(io.StringIO()):
                connection = await Connection.async_create()
    except ConnectionRefusedError:
        raise Unavailable(
            Iterm2Status(state="not_running", reason="iTerm2 is not running: nobody listens at its socket")
        ) from None
    except TimeoutError:
        raise Unavailable(Iterm2Status(state="lost", reason=_BUSY)) from None
    except SystemExit:
        # The package ends the process for HTTP status 406 (iterm2/connection.py:150).
        text = "iTerm2 wants a newer `iterm2` package: upgrade it with pip, then restart itermbus"
        raise Unavailable(Iterm2Status(state="refused", reason=text)) from None
    except WebSocketException as error:
        raise Unavailable(_refusal(getattr(error, "status_code", None))) from None
    except (OSError, EOFError) as error:
        raise Unavailable(Iterm2Status(state="lost", reason=f"cannot connect to iTerm2: {error}")) from None
    finally:
        _set_cookie(None)
    await _stop_reader(connection)
    return Link(connection, on_notification)


def _refusal(status: int | None) -> Iterm2Status:
    if status == _UNAUTHORISED:
        return Iterm2Status(state="refused", reason=_UNACCEPTED)
    return Iterm2Status(
        state="refused", reason=f"iTerm2 refused the connection (HTTP status {status}): upgrade itermbus"
    )


def _set_cookie(cookie: Cookie | None) -> None:
    """The package takes its cookie from the environment and leaves it there: used up, and seen by every child."""
    for name in _COOKIE_VARIABLES:
        os.environ.pop(name, None)
    if cookie is not None:
        os.environ.update({name: text for name, text in zip(_COOKIE_VARIABLES, cookie, strict=True) if text})


async def _stop_reader(connection: Connection) -> None:
    """Stops the package's reader before there is anything to read: iTerm2 sends nothing unasked."""
    # Its only handle, under the name that Python makes of a private attribute.
    reader: asyncio.Future[None] = connection._Connection__dispatch_forever_future  # type: ignore[attr-defined]
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)


def _never_ask(_connection: Connection, _force: bool) -> bool:
    """Stands for the package's own way to a cookie, AppleScript, which blocks the event loop for as long as macOS
    waits for the user (iterm2/auth.py:90). True: the cookie is fresh, so a 401 is final."""
    return True


Connection.authenticate = _never_ask  # type: ignore[method-assign,assignment]
