"""The host's counts as a message of the bus."""

from bus.messages.stat import HeadlessFigures
from headless.host import Host
from headless.server import ApiServer


def compose(host: Host, server: ApiServer) -> HeadlessFigures:
    """The figures of this moment. Some are counted on the byte thread, and may be a pass apart."""
    sessions = list(host.app.sessions())
    coprocesses = [session.coprocess for session in sessions if session.coprocess is not None]
    feed = host.screens.feed
    return HeadlessFigures(
        sessions=len(sessions),
        coprocesses=len(coprocesses),
        clients=len(server.connections),
        output_bytes=host.tally.output_bytes,
        coprocess_buffered_bytes=sum(coprocess.buffer.size for coprocess in coprocesses),
        coprocess_peak_bytes=host.tally.coprocess_peak_bytes,
        # A copy first: the byte thread adds sessions and takes them away.
        emulator_waiting_bytes=sum(backlog.waiting_bytes for backlog in feed.backlogs.copy().values()),
        emulator_shed_bytes=feed.shed_bytes,
        emulator_restarts=host.screens.restarts,
    )
