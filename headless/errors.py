"""What can go wrong in the host, as few named exceptions.

HeadlessError
├── StartError          the host cannot start; the text says what to do
├── ScreensUnavailable  the emulator process was lost while it owed an answer
├── RequestRefused      a request ends with the API's top-level `error`
└── InvocationError     an InvokeFunctionRequest fails; carries iTerm2's status
"""

from iterm2 import api_pb2


class HeadlessError(Exception):
    """Base of all exceptions of the host."""


class StartError(HeadlessError):
    """The host cannot start; the message is meant for the person who started it."""


class ScreensUnavailable(HeadlessError):
    """The emulator process ended before it answered."""


class RequestRefused(HeadlessError):
    """The whole request is answered by `ServerOriginatedMessage.error` with this text."""


class InvocationError(HeadlessError):
    """A function call failed; `status` is one of InvokeFunctionResponse's."""

    def __init__(self, status: "api_pb2.InvokeFunctionResponse.Status.ValueType", reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
