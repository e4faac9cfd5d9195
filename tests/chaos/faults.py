"""What is done to the system: kills, stops, lost connections, slow readers. All of it comes from one seed."""

import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable

from tests.chaos.instance import Instance
from tests.chaos.witness import Witness

#: A stop lasts up to this long; then whoever was stopped goes on, if it still lives.
_STOP_SECONDS = (0.05, 3.0)

_PAUSE_SECONDS = (0.1, 1.5)


class Faults:
    """Injects faults until told to stop. `counts` says what was done."""

    def __init__(self, instance: Instance, witnesses: list[Witness], seed: int) -> None:
        self._instance = instance
        self._witnesses = witnesses
        self._chance = random.Random(seed)
        self._stopped: list[tuple[float, int]] = []
        self._paused: list[tuple[float, Witness]] = []
        self.counts: Counter[str] = Counter()
        #: Faults that may begin an epoch: worker and shim of a session gone at once.
        self.double_kills = 0
        self._menu: list[tuple[int, str, Callable[[], bool]]] = [
            (6, "kill worker", lambda: self._signal(self._some(self._instance.workers()), signal.SIGKILL)),
            (4, "stop worker", lambda: self._stop(self._some(self._instance.workers()))),
            (3, "kill shim", lambda: self._signal(self._some(self._instance.shims()), signal.SIGKILL)),
            (2, "stop shim", lambda: self._stop(self._some(self._instance.shims()))),
            (1, "kill worker and shim", self._kill_both),
            (4, "kill gateway", lambda: self._signal(self._instance.pid("gateway"), signal.SIGKILL)),
            (3, "stop gateway", lambda: self._stop(self._instance.pid("gateway"))),
            (3, "kill broker", lambda: self._signal(self._instance.pid("broker"), signal.SIGKILL)),
            (2, "stop broker", lambda: self._stop(self._instance.pid("broker"))),
            (2, "kill supervisord", lambda: self._signal(self._instance.supervisord(), signal.SIGKILL)),
            (1, "stop supervisord", lambda: self._stop(self._instance.supervisord())),
            (3, "drop API connection", self._drop_api),
            (3, "client reconnects", self._reconnect),
            (3, "client stops reading", self._pause),
        ]

    def run(self, seconds: float, on_fault: Callable[[str], None] = lambda _name: None) -> None:
        """Injects for that long, then lets everybody go on."""
        deadline = time.monotonic() + seconds
        wake = threading.Event()
        weights = [weight for weight, _, _ in self._menu]
        while (now := time.monotonic()) < deadline:
            self._release(now)
            _, name, inject = self._chance.choices(self._menu, weights)[0]
            if inject():
                self.counts[name] += 1
                on_fault(name)
            wake.wait(self._chance.uniform(*_PAUSE_SECONDS))
        self._release(float("inf"))

    def _release(self, now: float) -> None:
        for at, pid in self._stopped:
            if at <= now:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
        for at, witness in self._paused:
            if at <= now:
                witness.pause(False)
        self._stopped = [(at, pid) for at, pid in self._stopped if at > now]
        self._paused = [(at, witness) for at, witness in self._paused if at > now]

    def _some(self, pids: dict[str, int]) -> int | None:
        return pids[self._chance.choice(sorted(pids))] if pids else None

    def _signal(self, pid: int | None, number: int) -> bool:
        if pid is None or pid <= 1:
            return False
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return False
        return True

    def _stop(self, pid: int | None) -> bool:
        if not self._signal(pid, signal.SIGSTOP):
            return False
        assert pid is not None
        self._stopped.append((time.monotonic() + self._chance.uniform(*_STOP_SECONDS), pid))
        return True

    def _kill_both(self) -> bool:
        workers, shims = self._instance.workers(), self._instance.shims()
        session_ids = sorted(workers.keys() & shims.keys())
        if not session_ids:
            return False
        session_id = self._chance.choice(session_ids)
        self.double_kills += 1
        killed = self._signal(shims[session_id], signal.SIGKILL)
        return self._signal(workers[session_id], signal.SIGKILL) or killed

    def _drop_api(self) -> bool:
        try:
            self._instance.drop_api()
        except OSError:
            return False
        return True

    def _reconnect(self) -> bool:
        self._chance.choice(self._witnesses).reconnect()
        return True

    def _pause(self) -> bool:
        witness = self._chance.choice(self._witnesses)
        witness.pause(True)
        self._paused.append((time.monotonic() + self._chance.uniform(*_STOP_SECONDS), witness))
        return True
