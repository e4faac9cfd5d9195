"""`itermbus install`: has it started at every login of this user, and now."""

from bus.paths import Paths
from itermbus import at_login, exit_codes, installation, instance, service
from itermbus.console import command_name, console


def run() -> int:
    """Raises `AlreadyRunning`, `SetupError`, and `NotLoaded` when the file is there and could not be loaded."""
    paths = Paths.of_home()
    wanted = at_login.service(paths)
    if paths.root.exists() and not service.is_loaded(wanted):
        # Two would wait for one lock: the launcher's would fail every ten seconds.
        instance.refuse_second(paths)
    out = console()
    if service.is_installed(wanted):
        out.print(f"{wanted.path} is installed already. After an upgrade: itermbus restart all", markup=False)
        return exit_codes.OK
    installation.prepare(paths, headless=installation.default_headless())
    service.install(wanted)
    out.print(f"{wanted.path} is written and loaded: itermbus starts now and at each login.", markup=False)
    out.print(f"Look at it: {command_name()} status, or {command_name()} doctor", markup=False)
    return exit_codes.OK
