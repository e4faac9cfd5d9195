"""Stops everything in order: coprocesses, workers, gateway, broker, headless host, supervisord.

One function for `itermbus down` and for Ctrl-C in `itermbus up`. Every step has a limit, and what outlives its limit
is made to end.
"""

from collections.abc import Callable
from contextlib import suppress

import psutil
import zmq

from bus import rpc
from bus.errors import ItermbusError
from bus.messages.commands import DetachAll
from bus.messages.results import Done
from bus.paths import Paths
from bus.topics import WORKER_PREFIX
from itermbus import instance, leftovers
from itermbus.supervisor_client import ProcessInfo, SupervisorClient, SupervisorRefused, SupervisorUnreachable

#: Seconds for the broker to stop the coprocesses. Without it they notice that nobody serves them any more.
_DETACH = 3.0

#: Seconds for the ordered stop: the stopwaitsecs of supervisord.conf together, and some.
_ORDERED = 35.0

#: Seconds for a supervisord that answers no more and got a signal instead.
_UNORDERED = 5.0

#: Says what happens, for people.
Say = Callable[[str], None]


def stop(paths: Paths, say: Say, hurry: Callable[[], bool] = lambda: False) -> bool:
    """Stops the instance of this home folder and removes what it leaves; whether there was anything to stop.

    `hurry`: asked again and again; once it is true nothing is waited for any more.
    """
    running = instance.find(paths)
    known = leftovers.processes(paths, shims=True)
    supervisord = _process(running.pid if running else None)
    if running is None and not known:
        _tidy(paths)
        return False
    if supervisord is not None:
        say("stopping")
        seconds = _ORDERED if _ask(paths, supervisord) else _UNORDERED
        late = leftovers.wait_gone([supervisord, *_supervised(known, supervisord)], seconds, hurry)
        if late:
            say(f"killing what did not stop: {', '.join(str(p.pid) for p in late)}")
            _kill(late)
    leftovers.end(leftovers.processes(paths, shims=True))
    _tidy(paths)
    return True


def _ask(paths: Paths, supervisord: psutil.Process) -> bool:
    """Asks for the ordered stop; whether supervisord answered. If not it was sent a signal."""
    client = SupervisorClient(paths.supervisor_socket)
    try:
        processes = client.processes()
        if any(p.name == "broker" and p.is_running for p in processes):
            _detach(paths)
        _stop_workers(client, processes)
        client.shutdown()
    except SupervisorUnreachable:
        with suppress(psutil.Error):
            supervisord.terminate()
        return False
    except SupervisorRefused:
        return True  # it is stopping already, and says so by a fault
    return True


def _detach(paths: Paths) -> None:
    """Has the broker stop our coprocesses, so that iTerm2 is left without any of them."""
    with zmq.Context() as context, rpc.Client(context, paths.broker_rpc) as broker, suppress(ItermbusError):
        broker.call(DetachAll(), Done, seconds=_DETACH)


def _stop_workers(client: SupervisorClient, processes: list[ProcessInfo]) -> None:
    """Asks all workers at once: in supervisord's ordered stop each would wait for the one before it."""
    for process in processes:
        if process.name.startswith(WORKER_PREFIX):
            with suppress(ItermbusError):
                client.stop_nowait(process.group)


def _supervised(known: list[psutil.Process], supervisord: psutil.Process) -> list[psutil.Process]:
    """Those of `known` that are supervisord's children. Coprocesses are not; they end when their pipe does."""
    children = []
    for process in known:
        with suppress(psutil.Error):
            if process.ppid() == supervisord.pid:
                children.append(process)
    return children


def _kill(late: list[psutil.Process]) -> None:
    for process in late:
        with suppress(psutil.Error):
            process.kill()
    leftovers.wait_gone(late, 5.0)


def _process(pid: int | None) -> psutil.Process | None:
    with suppress(psutil.Error):
        return psutil.Process(pid) if pid is not None else None
    return None


def _tidy(paths: Paths) -> None:
    with suppress(FileNotFoundError):
        leftovers.remove_sockets(paths)
    paths.supervisor_pid.unlink(missing_ok=True)
    leftovers.remove_worker_files(paths)
