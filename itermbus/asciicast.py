"""asciicast v2, the format of terminal recordings: a header line, then one event a line. Pure but for the file.

https://docs.asciinema.org/manual/asciicast/v2/ has the format. Text is Unicode there: what a session prints that is no
UTF-8 becomes U+FFFD, and a character that is split over several outputs is put together.
"""

import codecs
import json
from typing import IO


class AsciicastWriter:
    """Writes one recording. Times are seconds since its beginning, and never go back."""

    def __init__(self, file: IO[str], *, columns: int, rows: int, timestamp: int, title: str, term: str) -> None:
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._decode_typed = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._line(
            {
                "version": 2,
                "width": columns,
                "height": rows,
                "timestamp": timestamp,
                "title": title,
                "env": {"TERM": term},
            }
        )

    def output(self, time: float, data: bytes) -> None:
        """What the session printed; it may begin or end inside a character."""
        self._event(time, "o", self._decode(data))

    def input(self, time: float, data: bytes) -> None:
        """What was typed; it may begin or end inside a character."""
        self._event(time, "i", self._decode_typed(data))

    def screen(self, time: float, repaint: bytes) -> None:
        """A repaint: what came before it is complete, or will never be."""
        self._event(time, "o", self._decode(b"", True) + repaint.decode("utf-8", "replace"))

    def resize(self, time: float, columns: int, rows: int) -> None:
        self._event(time, "r", f"{columns}x{rows}")

    def mark(self, time: float, label: str) -> None:
        """A place to jump to."""
        self._line([round(time, 6), "m", label])

    def end(self, time: float) -> None:
        """Writes what is left of a character that was never completed."""
        self._event(time, "o", self._decode(b"", True))
        self._event(time, "i", self._decode_typed(b"", True))

    def _event(self, time: float, code: str, data: str) -> None:
        if data:
            self._line([round(time, 6), code, data])

    def _line(self, value: object) -> None:
        self._file.write(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")) + "\n")
