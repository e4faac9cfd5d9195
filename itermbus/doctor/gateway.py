"""The gateway's handshake, in both dialects, as a client has it."""

import json
import socket
from contextlib import suppress

from bus.paths import Paths
from itermbus import gateway_probe
from itermbus.doctor.finding import Finding, ok, problem

_CHECK = "gateway"
_SECONDS = 3.0
_HELLO = b'{"type": "hello", "version": 2, "client": "itermbus doctor", "sessions": "none"}\n'
_LINE_BYTES = 64 * 1024


def check(paths: Paths) -> list[Finding]:
    """That it answers a silent client and one that says hello."""
    answer = gateway_probe.ask(paths.gateway_socket, _SECONDS)
    if answer is None:
        return [
            problem(_CHECK, f"no answer at {paths.gateway_socket}", "itermbus restart gateway; itermbus logs gateway")
        ]
    kind = _hello(paths)
    if kind != "welcome":
        return [problem(_CHECK, f"no welcome in dialect 2, but {kind or 'silence'}", "itermbus restart gateway")]
    waiting = "" if answer.complete else f"; no sessions yet: {answer.reason}"
    return [ok(_CHECK, f"answers in both dialects{waiting}")]


def _hello(paths: Paths) -> str:
    """The type of the answer to `hello`; empty without one."""
    with suppress(OSError, ValueError, AttributeError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_SECONDS)
        connection.connect(str(paths.gateway_socket))
        connection.sendall(_HELLO)
        with connection.makefile("rb") as lines:
            return str(json.loads(lines.readline(_LINE_BYTES)).get("type"))
    return ""
