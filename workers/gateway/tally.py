"""What the gateway counts."""

from dataclasses import dataclass

from workers.gateway.connection import ConnectionStatistics


@dataclass(slots=True)
class Tally:
    """Counts since the gateway started, of all its streams and of the clients that are gone."""

    frames: int = 0
    frame_bytes: int = 0
    gaps: int = 0
    resyncs: int = 0
    backlogs_dropped: int = 0
    sent_bytes: int = 0
    queue_peak_bytes: int = 0

    def add_client(self, client: ConnectionStatistics) -> None:
        """A client is gone; what it had is kept in the counts."""
        self.backlogs_dropped += client.dropped_backlogs
        self.sent_bytes += client.sent_bytes
        self.queue_peak_bytes = max(self.queue_peak_bytes, client.peak_bytes)
