"""`itermbus env`: what any program needs to reach the headless host with the unmodified `iterm2` package."""

import os
import pwd
import shlex
import sys

from bus import paths as run_time
from bus.paths import Paths
from bus.process import print_error
from itermbus import exit_codes, host_control, iterm2_app
from itermbus.console import print_json
from itermbus.host_control import Grant, NoHost

_NO_HOST = "no headless host runs with this HOME. `itermbus up --headless` starts one."
_ITERM2 = (
    "no headless host runs with this HOME, and iTerm2 lets programs in by itself: leave ITERM2_COOKIE unset, tick "
    "Settings > General > Magic > Enable Python API in iTerm2, and the iterm2 package asks it for a cookie."
)


def run(as_json: bool) -> int:
    """Prints the variables with a fresh cookie, which lets one connection in. Raises `SetupError`."""
    paths = Paths.of_home()
    if paths.root.exists():
        run_time.check(paths)
    try:
        grant = host_control.ask_cookie(paths)
    except NoHost:
        print_error("itermbus", _ITERM2 if iterm2_app.is_installed() else _NO_HOST)
        return exit_codes.NOT_RUNNING
    variables = _variables(paths, grant)
    if as_json:
        print_json(variables)
    else:
        sys.stdout.writelines(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
    return exit_codes.OK


def _variables(paths: Paths, grant: Grant) -> dict[str, str]:
    """HOME and IT2_SUITE, which decide where the package looks for the socket, only where they are not as usual."""
    variables = {"ITERM2_COOKIE": grant.cookie, "ITERM2_KEY": grant.key}
    if str(paths.home) != _own_home():
        variables = {"HOME": str(paths.home), **variables}
    if grant.suite != "iTerm2" or "IT2_SUITE" in os.environ:
        variables["IT2_SUITE"] = grant.suite
    return variables


def _own_home() -> str:
    """The account's home folder, which whoever evaluates the output has for HOME unless it was changed."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return ""
