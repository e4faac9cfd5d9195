"""`itermbus send`: text and keys into a session, by way of the gateway, where claims hold and the audit log looks."""

import base64
import os
import sys
import time

from bus.errors import from_code
from itermbus import exit_codes, key_codes, sessions
from itermbus.gateway_client import GatewayClient
from itermbus.gateway_messages import Error, Result
from itermbus.mistakes import Mistake

#: One input to the gateway.
_PIECE_BYTES = 48 * 1024

#: Seconds for the answer to one: the gateway itself gives a session 10 s to read what is typed.
_SECONDS = 20.0


def run(name: str, text: list[str], enter: bool, stdin: bool, as_keys: bool) -> int:
    """Types it, in this order: the text or keys, standard input, Enter. Raises `Mistake`, `ItermbusError`."""
    typed = b"".join(key_codes.code(word) for word in text) if as_keys else _text(text)
    if not (typed or stdin or enter):
        raise Mistake("there is nothing to send: give a text, --stdin or --enter")
    paths = sessions.running_paths()
    session_id = sessions.find(paths, name).session_id
    gateway = GatewayClient(paths.gateway_socket, {"client": "itermbus send", "sessions": "none"})
    try:
        if typed:
            _type(gateway, session_id, typed)
        while stdin and (data := os.read(sys.stdin.fileno(), _PIECE_BYTES)):
            _type(gateway, session_id, data)
        if enter:
            _type(gateway, session_id, b"\r")
    finally:
        gateway.close()
    return exit_codes.OK


def _text(words: list[str]) -> bytes:
    return " ".join(words).encode("utf-8", "surrogateescape")


def _type(gateway: GatewayClient, session_id: str, data: bytes) -> None:
    """Types `data` and waits until all of it is written. Raises the refusal."""
    for start in range(0, len(data), _PIECE_BYTES):
        piece = base64.b64encode(data[start : start + _PIECE_BYTES]).decode()
        gateway.send({"type": "input", "id": start, "session_id": session_id, "data": piece})
        _wait_written(gateway, start)


def _wait_written(gateway: GatewayClient, number: int) -> None:
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        for message in gateway.receive():
            if isinstance(message, Error) and message.id in (number, None):
                raise from_code(message.code, message.message)
            if isinstance(message, Result) and message.id == number:
                return
    raise from_code("timeout", f"no answer within {_SECONDS:g} s; some of it may have been written")
