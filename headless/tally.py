"""What the PTYs of a host have given so far, over the ends of sessions."""

from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """Written on the byte thread alone; read from anywhere.

    `coprocess_peak_bytes`: the most that ever waited for one coprocess.
    """

    output_bytes: int = 0
    coprocess_peak_bytes: int = 0

    def note_waiting(self, size: int) -> None:
        """So many bytes wait for a coprocess."""
        if size > self.coprocess_peak_bytes:
            self.coprocess_peak_bytes = size
