"""The HTTP upgrade, decided exactly as iTerm2 decides it. Pure."""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from headless.config import PROTOCOL_VERSION

#: iTerm2 sources/API/iTermHTTPConnection.m:137, :184, :217.
MAX_HEADERS = 100
MAX_LINE = 4096
SECONDS = 30.0
MAX_REQUEST = MAX_HEADERS * MAX_LINE

_SUBPROTOCOL = "api.iterm2.com"
_HOSTS = frozenset(("localhost", "127.0.0.1", "[::1]"))
_MINIMUM_PYTHON = 0.24
_WEBSOCKET_VERSION = 13
_ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_REASONS = {400: "Bad Request", 401: "Unauthorized", 406: "Unacceptable (upgrade Python library)"}


@dataclass(frozen=True, slots=True)
class Decision:
    """What to answer; 101 lets the client in."""

    status: int
    response: bytes
    advisory_name: str = ""
    library: str = ""


def decide(request: bytes, authorize: Callable[[str | None], bool]) -> Decision:
    """Judges a complete request head (sources/API/iTermWebSocketConnection.m:73-176).

    `authorize` is asked last, with the cookie if one came, and consumes it.
    """
    headers = _parse(request)
    if headers is None or not _is_upgrade(headers):
        return _refuse(400)
    library = headers.get("x-iterm2-library-version", "").split()
    if len(library) != 2:
        return _refuse(400)
    # The version is compared as a decimal number: 2.30 is 2.3.
    if library[0] == "python" and _decimal(library[1]) < _MINIMUM_PYTHON:
        return _refuse(406)
    if not authorize(headers.get("x-iterm2-cookie")):
        return _refuse(401)
    accept = base64.b64encode(
        hashlib.sha1((headers["sec-websocket-key"] + _ACCEPT_SUFFIX).encode(), usedforsecurity=False).digest()
    ).decode()
    lines = (
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept}",
        f"Sec-WebSocket-Protocol: {_SUBPROTOCOL}",
        f"X-iTerm2-Protocol-Version: {PROTOCOL_VERSION}",
    )
    return Decision(101, _head(lines), headers.get("x-iterm2-advisory-name", "")[:256], " ".join(library))


def refusal(status: int) -> Decision:
    """A refusal decided elsewhere: another user's process, or an injected fault."""
    return _refuse(status)


def _refuse(status: int) -> Decision:
    return Decision(status, _head((f"HTTP/1.1 {status} {_REASONS[status]}", "Content-Length: 0", "Connection: close")))


def _head(lines: tuple[str, ...]) -> bytes:
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def _parse(request: bytes) -> dict[str, str] | None:
    """The headers by lower-case name, or None if this is no `GET /` within the limits."""
    try:
        lines = request.decode("utf-8").removesuffix("\r\n\r\n").split("\r\n")
    except UnicodeDecodeError:
        return None
    if len(lines) > MAX_HEADERS + 1 or any(len(line) >= MAX_LINE for line in lines):
        return None
    if not re.fullmatch(r"GET / HTTP/1\.[01]", lines[0]):
        return None
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            return None
        headers[name.strip().lower()] = value.strip()
    return headers


def _is_upgrade(headers: dict[str, str]) -> bool:
    origin = headers.get("origin", "")
    host = headers.get("host", "")
    try:
        origin_host = urlsplit(origin).hostname
    except ValueError:
        return False
    return (
        headers.get("upgrade", "").lower() == "websocket"
        and "upgrade" in {word.strip().lower() for word in headers.get("connection", "").split(",")}
        and headers.get("sec-websocket-protocol", "") == _SUBPROTOCOL
        and bool(headers.get("sec-websocket-key"))
        and _decimal(headers.get("sec-websocket-version", "")) >= _WEBSOCKET_VERSION
        and origin_host == "localhost"
        and (host in _HOSTS or host.rpartition(":")[0] in _HOSTS)
    )


def _decimal(text: str) -> float:
    match = re.match(r"\d{1,9}(\.\d{1,9})?", text)
    return float(match.group()) if match else 0.0
