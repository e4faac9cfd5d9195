"""`itermbus restart`: one process after another, each until its successor answers."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from bus import paths as run_time
from bus.paths import Paths
from bus.process import print_error
from itermbus import exit_codes, instance, restarting
from itermbus.console import console, print_json
from itermbus.restarting import NoSuchProcess, Restarted
from itermbus.signals import Signals
from itermbus.supervisor_client import ProcessInfo, SupervisorClient


def run(names: Sequence[str], as_json: bool) -> int:
    """Restarts the processes called `names`; stops at the first that does not come back. Returns the exit code.

    Raises `SetupError`, and `ItermbusError` when supervisord does not answer.
    """
    paths = Paths.of_home()
    if paths.root.exists():
        run_time.check(paths)
    if not paths.run.exists() or instance.find(paths) is None:
        return _refuse("itermbus is not running. `itermbus up` starts it.", exit_codes.NOT_RUNNING, as_json)
    processes = SupervisorClient(paths.supervisor_socket).processes()
    try:
        if not names:
            known = ", ".join([p.name for p in processes] + [restarting.ALL])
            raise NoSuchProcess(f"which process? There are: {known}")
        chosen = restarting.choose(names, processes)
    except NoSuchProcess as error:
        return _refuse(str(error), exit_codes.USAGE, as_json)
    return _restart(paths, chosen, as_json)


def _restart(paths: Paths, chosen: Sequence[ProcessInfo], as_json: bool) -> int:
    out = console()
    done: list[Restarted] = []
    with Signals() as signals:
        for process in chosen:
            done.append(restarting.restart(paths, process, lambda: signals.stops > 0))
            if not as_json:
                _show(out, done[-1])
            if done[-1].error:
                break
        interrupted = signals.stops > 0
    failed = bool(done) and bool(done[-1].error)
    left = [p.name for p in chosen[len(done) :]]
    code = exit_codes.INTERRUPTED if failed and interrupted else exit_codes.FAILURE if failed else exit_codes.OK
    if as_json:
        print_json({"exit_code": code, "restarted": done, "left": left})
    elif left:
        out.print(Text(f"Not restarted: {', '.join(left)}", style="red"))
    return code


def _show(out: Console, one: Restarted) -> None:
    if one.error:
        out.print(Text(f"{one.name}  failed: {_one_line(one.error)}", style="red"))
    else:
        out.print(Text(f"{one.name}  restarted in {one.seconds:.1f} s (pid {one.old_pid or '-'} -> {one.pid})"))


def _refuse(text: str, code: int, as_json: bool) -> int:
    if as_json:
        print_json({"exit_code": code, "error": text})
    else:
        print_error("itermbus", text)
    return code


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)
