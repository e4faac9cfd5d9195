"""ListSessions and Focus."""

from iterm2 import api_pb2

from headless import listing
from headless.handlers.call import Call


def list_sessions(call: Call, _request: api_pb2.ListSessionsRequest, response: api_pb2.ListSessionsResponse) -> None:
    """All windows, tabs and sessions (iTerm2 sources/API/iTermAPIHelper.m:2363)."""
    response.CopyFrom(listing.list_sessions(call.host.app))


def focus(call: Call, _request: api_pb2.FocusRequest, response: api_pb2.FocusResponse) -> None:
    """The focus as it is now (iTerm2 sources/API/iTermAPIHelper.m:3264)."""
    response.CopyFrom(listing.focus(call.host.app))
