"""The audit log: which client typed how many bytes into which session when, and never what."""

import json
import logging
import logging.handlers
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from bus.limits import AUDIT_FILE_BYTES, AUDIT_FILES
from workers.gateway.identity import Identity

log = logging.getLogger("gateway.audit")


class Audit(Protocol):
    """Who is told of input."""

    def record(self, client: Identity, session_id: str, written: int, code: str | None) -> None:
        """`written` bytes of an input went into a session; `code` says why not all, if so."""

    def close(self) -> None:
        """Ends it."""


class NoAudit:
    """Audit switched off."""

    def record(self, client: Identity, session_id: str, written: int, code: str | None) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class AuditLog:
    """A line of JSON for each input, in a file of mode 0600 that is rotated. A disk that is full stops no typing."""

    def __init__(self, path: Path, file_bytes: int = AUDIT_FILE_BYTES, files: int = AUDIT_FILES) -> None:
        """Raises `OSError` when the file cannot be opened."""
        self._handler = _PrivateHandler(path, maxBytes=file_bytes, backupCount=files, encoding="ascii")

    def record(self, client: Identity, session_id: str, written: int, code: str | None) -> None:
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "client": client.number,
            "name": client.name,
            "pid": client.pid,
            "session_id": session_id,
            "bytes": written,
        }
        if code is not None:
            line["refused"] = code
        self._handler.handle(logging.LogRecord("audit", logging.INFO, "", 0, json.dumps(line), None, None))

    def close(self) -> None:
        self._handler.close()


class _PrivateHandler(logging.handlers.RotatingFileHandler):
    def _open(self):  # type: ignore[no-untyped-def]  # the base class returns a type that only stubs know
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.fchmod(descriptor, 0o600)
        return os.fdopen(descriptor, "a", encoding=self.encoding)

    def handleError(self, record: logging.LogRecord) -> None:
        log.error("the audit log could not be written", exc_info=True)
