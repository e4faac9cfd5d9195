"""The attach histories on disk, so that a broker that was killed still respects what its predecessor knew."""

import logging
from collections.abc import Mapping
from pathlib import Path

import msgspec

from broker.attach import History
from bus import topics

log = logging.getLogger("broker.attach")


class AttachStore:
    """A small JSON file in the run folder, replaced at once so that it is never half written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written: bytes | None = None

    def load(self) -> dict[str, History]:
        """What was known. A file that is missing or cannot be read counts as nothing known."""
        try:
            data = self._path.read_bytes()
            histories = msgspec.json.decode(data, type=dict[str, History])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            log.warning("cannot read %s, so nothing is known of earlier coprocesses: %s", self._path, error)
            return {}
        self._written = data
        return {session_id: history for session_id, history in histories.items() if topics.is_session_id(session_id)}

    def save(self, histories: Mapping[str, History]) -> None:
        """Keeps the histories that say anything. Does nothing when they are on disk already."""
        telling = {session_id: history for session_id, history in sorted(histories.items()) if history != History()}
        data = msgspec.json.encode(telling)
        if data == self._written:
            return
        temporary = self._path.with_name(f".{self._path.name}.new")
        try:
            temporary.write_bytes(data)
            temporary.replace(self._path)
        except OSError as error:
            log.warning("cannot write %s: %s", self._path, error)
            return
        self._written = data
