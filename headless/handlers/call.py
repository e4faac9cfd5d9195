"""What every handler gets: the host and the client that asked."""

from dataclasses import dataclass

from headless.api_connection import ApiConnection
from headless.host import Host


@dataclass(frozen=True, slots=True)
class Call:
    """One request's surroundings."""

    host: Host
    client: ApiConnection


class NoSubmessageError(Exception):
    """The response goes out without its submessage: what iTerm2 does for an invalid range."""
