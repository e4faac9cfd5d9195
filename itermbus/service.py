"""What starts itermbus at login: a file for the system's own launcher, and the commands that load it.

One shape for both systems; `launch_agent` and `systemd_unit` fill it.
"""

import shlex
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bus.errors import ItermbusError, SetupError
from itermbus import tools

#: Seconds for the ordered stop of all processes: ExitTimeOut in the property list, and some.
UNLOAD_SECONDS = 45.0

_LOOK = 0.2

Run = Callable[[Sequence[str]], tools.Answer]


class NotLoaded(ItermbusError):
    """The file is in its place, and the launcher could not be told. The text has the commands to do it by hand."""


@dataclass(frozen=True, slots=True)
class Service:
    """`load`, `unload`: commands, each list in order. `optional` are those of them whose failure means nothing.

    `status` succeeds when it is loaded. `before_reload`: what a new file needs first. `folders` go with the file, the
    inner one first, if they are empty then. `unloaded` says what a file that is not loaded is good for.
    """

    kind: str
    name: str
    path: Path
    content: bytes
    load: Sequence[Sequence[str]]
    unload: Sequence[Sequence[str]]
    after_removal: Sequence[Sequence[str]]
    status: Sequence[str]
    unloaded: str
    before_reload: Sequence[Sequence[str]] = ()
    folders: Sequence[Path] = ()
    optional: frozenset[str] = frozenset()


def is_installed(service: Service, run: Run = tools.run) -> bool:
    """Whether the launcher knows it and its file is this installation's."""
    return service.path.is_file() and service.path.read_bytes() == service.content and is_loaded(service, run)


def is_loaded(service: Service, run: Run = tools.run) -> bool:
    """Whether the launcher knows it."""
    return run(service.status).ok


def install(service: Service, run: Run = tools.run, patience: float = UNLOAD_SECONDS) -> None:
    """Writes the file and loads it, in the place of one that is loaded. Raises `SetupError`, `NotLoaded`."""
    if is_loaded(service, run):
        for command in service.before_reload:
            run(command)
        if service.before_reload:
            _wait_unloaded(service, run, patience)
    _write(service)
    for command in service.load:
        answer = run(command)
        if not answer.ok and command[1] not in service.optional:
            raise NotLoaded(_by_hand(service, command, answer))


def uninstall(service: Service, run: Run = tools.run, patience: float = UNLOAD_SECONDS) -> bool:
    """Has the launcher forget it and removes the file. Whether there was anything. Raises `NotLoaded`."""
    there = service.path.exists() or service.path.is_symlink()
    loaded = is_loaded(service, run)
    if loaded:
        for command in service.unload:
            run(command)
    service.path.unlink(missing_ok=True)
    with suppress(OSError):  # not empty, or not there
        for folder in service.folders:
            folder.rmdir()
    if loaded or there:
        for command in service.after_removal:
            run(command)
    if loaded and not _wait_unloaded(service, run, patience):
        commands = "\n".join(f"    {shlex.join(command)}" for command in service.unload)
        raise NotLoaded(f"the {service.kind} is still loaded. By hand:\n{commands}")
    return there or loaded


def _wait_unloaded(service: Service, run: Run, patience: float) -> bool:
    """Whether it is unloaded within `patience`: launchctl may return before launchd has ended the processes, and then
    refuses to load them again."""
    deadline = time.monotonic() + patience
    while is_loaded(service, run):
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK)
    return True


def _write(service: Service) -> None:
    fresh = service.path.with_name(f".{service.path.name}.new")
    try:
        service.path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(service.content)
        fresh.replace(service.path)
    except OSError as error:
        raise SetupError(f"cannot write {service.path}: {error.strerror}.") from None


def _by_hand(service: Service, command: Sequence[str], answer: tools.Answer) -> str:
    commands = "\n".join(f"    {shlex.join(each)}" for each in service.load)
    said = f": {answer.text}" if answer.text else ""
    return (
        f"{service.path} is written, and `{shlex.join(command)}` did not work{said}\n"
        f"{service.unloaded} By hand, from a login of your own:\n{commands}"
    )
