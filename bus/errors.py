"""The exceptions of itermbus, and the codes by which they travel.

    ItermbusError
    ├── SetupError              the machine, the run-time folder or the configuration: the user has to act
    │   └── AlreadyRunning      another instance holds the lock
    ├── ProtocolError           a message on the bus that cannot be read: counted and dropped
    └── RequestError            a request that is refused; one subclass a code, in the gateway's contract
        ├── BadJson  TooLong  UnknownType  Invalid  UnsupportedVersion             the request itself
        ├── NoSuchSession  NoSuchTab  NoSuchWindow  NotAttached  ReadOnly  Busy    what it names
        └── Iterm2Unavailable  RequestTimeout  Internal                            who should have done it

A RequestError becomes a message in one place for each wire: `bus.rpc` for the bus, the dialects for the gateway.
No text of an exception ever holds terminal contents.
"""

from typing import ClassVar


class ItermbusError(Exception):
    """Whatever itermbus raises on purpose."""


class SetupError(ItermbusError):
    """Something outside the program is wrong, and the text says what the user can do about it."""


class AlreadyRunning(SetupError):
    """Another instance holds the lock of this run-time folder."""


class ProtocolError(ItermbusError):
    """A message on the bus has a wrong shape, size or version."""


class RequestError(ItermbusError):
    """A request is refused. `code` is one of the gateway contract's codes."""

    code: ClassVar[str] = "internal"


class BadJson(RequestError):
    code = "bad_json"


class TooLong(RequestError):
    code = "too_long"


class UnknownType(RequestError):
    code = "unknown_type"


class Invalid(RequestError):
    code = "invalid"


class NoSuchSession(RequestError):
    code = "no_such_session"


class NoSuchTab(RequestError):
    code = "no_such_tab"


class NoSuchWindow(RequestError):
    code = "no_such_window"


class NotAttached(RequestError):
    code = "not_attached"


class ReadOnly(RequestError):
    code = "read_only"


class Busy(RequestError):
    code = "busy"


class Iterm2Unavailable(RequestError):
    code = "iterm2_unavailable"


class RequestTimeout(RequestError):
    code = "timeout"


class UnsupportedVersion(RequestError):
    code = "unsupported_version"


class Internal(RequestError):
    code = "internal"


#: code -> exception, for the receiving end of a wire.
BY_CODE: dict[str, type[RequestError]] = {cls.code: cls for cls in RequestError.__subclasses__()}


def from_code(code: str, message: str) -> RequestError:
    """The exception that a peer's refusal stands for; a code that we do not know becomes `Internal`."""
    return BY_CODE.get(code, Internal)(message)
