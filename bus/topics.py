"""Topics and the identifiers in them.

A topic is ASCII and dot-separated, so a subscription is a prefix: `pty.` is every session's bytes, `event.` every
event. Nothing that could hold a dot gets into one: a session id is matched here before it becomes a topic, a path
or a process name anywhere.
"""

import re

from bus.errors import Invalid

#: iTerm2's session ids are upper-case hyphenated UUIDs (iTerm2 sources/Categories/NSStringITerm.m:1704).
_SESSION_ID = re.compile(r"[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}", re.ASCII)

PTY = "pty."
EVENT = "event."
STAT = "stat."

#: What is typed. Published only for a subscription that begins so: it may be a password.
INPUT = "input."

#: The events that PTY workers publish; all others are the broker's.
_WORKERS_EVENTS = frozenset({"attached", "moved", "size"})

#: supervisord's name of a session's worker is this and the session id.
WORKER_PREFIX = "pty-"


def is_session_id(text: str) -> bool:
    """Whether `text` is a session id, and so may become part of a topic, a path or a process name."""
    return _SESSION_ID.fullmatch(text) is not None


def check_session_id(text: str) -> str:
    """`text` itself if it is a session id. Raises `Invalid` without repeating the text, which could be anything."""
    if not is_session_id(text):
        raise Invalid("that is not a session id: an upper-case UUID is")
    return text


def pty(session_id: str) -> bytes:
    """The topic of a session's frames."""
    return (PTY + check_session_id(session_id)).encode("ascii")


def typed(session_id: str) -> bytes:
    """The topic of what is typed into a session."""
    return (INPUT + check_session_id(session_id)).encode("ascii")


def event(name: str) -> bytes:
    """The topic of the events of one name."""
    return (EVENT + _check_name(name)).encode("ascii")


def stat(process: str) -> bytes:
    """The topic of a process's statistics; `process` is its name in supervisord, lower-cased."""
    return (STAT + _check_name(process.lower())).encode("ascii")


def worker_name(session_id: str) -> str:
    """The name of a session's worker in supervisord."""
    return WORKER_PREFIX + check_session_id(session_id)


def publisher(topic: str) -> str:
    """The process that publishes under `topic`, by its name in supervisord; empty when the topic does not tell."""
    family, _, name = topic.partition(".")
    if family in ("pty", "input") and is_session_id(name):
        return WORKER_PREFIX + name
    if family == "event" and name not in _WORKERS_EVENTS:
        return "broker"
    return ""


def _check_name(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise Invalid("a name in a topic is lower-case letters, digits, '_' and '-', 64 at most")
    return name
