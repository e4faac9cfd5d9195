"""Lines for people and logs: whatever text goes into one, it stays one line and steers no terminal.

Titles, paths and names come from programs in the sessions, from clients and from files. A newline in one of them would
be a forged log line, an escape would reach the terminal of whoever reads the log.
"""

import logging


def one_line(text: str) -> str:
    """`text` with everything escaped that is not printable: control characters, line ends, lone surrogates."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class OneLine(logging.Formatter):
    """A formatter whose messages are one line each; only a traceback, which is ours, has more."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = one_line(record.message)
        return super().formatMessage(record)


def start(level: str, form: str) -> None:
    """Logs to stderr, which supervisord rotates into `~/.itermbus/log/`. `level` is a name of
    `logging`'s, in any case.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine(form))
    logging.basicConfig(handlers=[handler], level=level.upper())
