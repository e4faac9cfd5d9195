"""The files of PTY workers: their conf for supervisord, and what they leave in the run folder and the log folder."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from broker.worker_conf import worker_conf
from bus import topics
from bus.paths import Paths
from bus.ring_file import RingBusy, RingUnusable, open_ring


class WorkerFiles:
    """Those of one run-time folder."""

    def __init__(self, paths: Paths, ring_bytes: int) -> None:
        """`ring_bytes` is the size of a new session's ring."""
        self._paths = paths
        self._ring_bytes = ring_bytes

    def configured(self) -> frozenset[str]:
        """Sessions with a conf file."""
        names = (path.stem.removeprefix(topics.WORKER_PREFIX) for path in self._paths.conf_d.glob("pty-*.conf"))
        return frozenset(name for name in names if topics.is_session_id(name))

    def left(self) -> frozenset[str]:
        """Sessions with any file at all."""
        return frozenset(session_id for session_id, _ in self._all()) | self.configured()

    def write_conf(self, session_id: str) -> None:
        """Writes a conf file, whole or not at all: supervisord reads the folder at any time. Raises `OSError`."""
        path = self._paths.worker_conf(session_id)
        # Its leading dot keeps it out of supervisord's pattern.
        temporary = path.with_name(f".{path.name}.new")
        temporary.write_text(worker_conf(session_id), encoding="utf-8")
        temporary.replace(path)

    def make_ring(self, session_id: str) -> None:
        """Makes a ring of the right size, if there is none: on a busy machine a shim, which knows no settings, may be
        there before its worker. What is wrong with it is for the worker to tell.
        """
        with suppress(RingBusy, RingUnusable):
            open_ring(str(self._paths.session(session_id).ring), self._ring_bytes).close()

    def remove(self, session_ids: Iterable[str]) -> None:
        """Removes all files of sessions whose workers have gone. Raises `OSError`."""
        gone = frozenset(session_ids)
        for session_id in gone:
            self._paths.worker_conf(session_id).unlink(missing_ok=True)
        for session_id, entry in list(self._all()):
            if session_id in gone:
                Path(entry).unlink(missing_ok=True)

    def _all(self) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """Every file of a session outside conf.d: `<session id>.*` and `pty-<session id>.log*`."""
        for folder, prefix in ((self._paths.run, ""), (self._paths.log, topics.WORKER_PREFIX)):
            # No paths of all of them: a hundred sessions have seven hundred files, and each round looks.
            with os.scandir(folder) as entries:
                for entry in entries:
                    name = entry.name.removeprefix(prefix).partition(".")[0]
                    if entry.name.startswith(prefix) and topics.is_session_id(name):
                        yield name, entry
