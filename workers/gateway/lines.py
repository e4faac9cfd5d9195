"""Bytes of a connection -> lines, with a limit. Pure."""

#: An input line's length in bytes, without its newline (the gateway's contract).
LINE_BYTES = 1024 * 1024


class TooLongLine:
    """Stands for a line that went past the limit; what came of it was not kept."""


class LineSplitter:
    """Cuts what it is fed at newlines. A line past the limit comes out as `TooLongLine`, once, when it passes it."""

    def __init__(self, limit: int = LINE_BYTES) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._searched = 0
        self._skipping = False

    def feed(self, data: bytes) -> list[bytes | TooLongLine]:
        """The lines that `data` completes, without their newlines."""
        lines: list[bytes | TooLongLine] = []
        self._rest += data
        while (end := self._rest.find(b"\n", self._searched)) >= 0:
            if self._skipping:
                self._skipping = False
            elif end > self._limit:
                lines.append(TooLongLine())
            else:
                lines.append(bytes(self._rest[:end]))
            del self._rest[: end + 1]
            self._searched = 0
        if not self._skipping and len(self._rest) > self._limit:
            self._skipping = True
            lines.append(TooLongLine())
        if self._skipping:
            self._rest.clear()
        self._searched = len(self._rest)
        return lines
