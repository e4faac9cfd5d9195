"""When a process that does not come up will not come up however long one waits."""

from itermbus.supervisor_client import ProcessInfo

#: Attempts of one process before its start has failed: with supervisord's back-off that takes about five seconds.
_ATTEMPTS = 3


class Failures:
    """Tells when waiting longer is of no use. supervisord forgets the exit code of a process that ended too early,
    so what can be counted is how often that happened.
    """

    def __init__(self) -> None:
        self._starts: dict[str, set[int]] = {}

    def is_hopeless(self, process: ProcessInfo) -> bool:
        """Whether it was given up, or has ended at once in each of several attempts."""
        if process.statename == "BACKOFF":
            self._starts.setdefault(process.name, set()).add(process.start)
        failed = len(self._starts.get(process.name, ()))
        return failed >= _ATTEMPTS or process.statename in ("FATAL", "UNKNOWN")
