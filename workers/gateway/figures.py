"""The gateway's counts as a message of the bus."""

from collections.abc import Iterable, Mapping

from bus.messages.stat import GatewayFigures
from workers.gateway.connection import ConnectionStatistics
from workers.gateway.stream import Stream
from workers.gateway.tally import Tally


def compose(
    tally: Tally, streams: Mapping[str, Stream], clients: Iterable[ConnectionStatistics], malformed: int
) -> GatewayFigures:
    """The figures of this moment."""
    present = list(clients)
    viewers = {session_id: stream.viewers for session_id, stream in streams.items()}
    return GatewayFigures(
        clients=len(present),
        streams=len(streams),
        viewers={session_id: count for session_id, count in viewers.items() if count},
        frames=tally.frames,
        frame_bytes=tally.frame_bytes,
        gaps=tally.gaps,
        resyncs=tally.resyncs,
        queued_bytes=sum(client.queued_bytes for client in present),
        queue_peak_bytes=max([tally.queue_peak_bytes, *(client.peak_bytes for client in present)]),
        backlogs_dropped=tally.backlogs_dropped + sum(client.dropped_backlogs for client in present),
        sent_bytes=tally.sent_bytes + sum(client.sent_bytes for client in present),
        malformed=malformed,
    )
