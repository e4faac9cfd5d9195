"""Who a client is."""

from dataclasses import dataclass


@dataclass(slots=True)
class Identity:
    """`number` counts connections, `name` is the `client` of its `hello`, `pid` what the kernel told at connecting."""

    number: int
    pid: int | None = None
    name: str = ""

    def __str__(self) -> str:
        """For other clients and for the log."""
        return self.name or f"client {self.number}"
