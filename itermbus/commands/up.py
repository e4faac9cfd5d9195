"""`itermbus up`: starts everything, shows it coming up, and stops it again on Ctrl-C."""

import errno
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bus import config
from bus import paths as run_time
from bus.paths import Paths
from itermbus import exit_codes, host_profiles, installation, instance, iterm2_app, shutdown, startup
from itermbus.console import command_name, console, forget_terminal
from itermbus.signals import Signals
from itermbus.start_view import start_view
from itermbus.startup import Interrupted, Launch, StartFailed

_AFTERWARDS = """\

The gateway listens at {socket}
    node -e 'net.connect("{socket}").pipe(process.stdout)'
    {command} status
    supervisorctl -c {conf} status"""


def run(headless: bool | None, detach: bool, profiles: Sequence[Path]) -> int:
    """Starts the instance of this home folder. Raises `SetupError`, `AlreadyRunning`."""
    paths = Paths.of_home()
    if paths.root.exists():
        instance.refuse_second(paths)
    run_time.prepare(paths)
    config.load(paths)
    chosen = _choose(headless)
    files = host_profiles.check(profiles, headless=chosen)
    with Signals() as signals:
        begun = startup.launch(paths, chosen, files)
        try:
            code = _start(paths, begun, chosen, signals)
            if code == exit_codes.OK:
                _say_what_next(paths, detach)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            # The terminal was closed under our writing; the signal that says so comes a moment later.
            signals.hang_up()
            code = exit_codes.OK
        if code == exit_codes.OK and detach:
            return code
        if code == exit_codes.OK:
            code = _stay(paths, begun.process, signals)
        if code != exit_codes.ALREADY_RUNNING:
            _stop(paths, signals)
        return code


def _choose(headless: bool | None) -> bool:
    """Whether the headless host stands in for iTerm2, with a notice when nobody asked for it."""
    if headless is not None:
        return headless
    if iterm2_app.is_installed():
        return False
    where = "There is no iTerm2 on this Mac" if sys.platform == "darwin" else "iTerm2 runs only on macOS"
    console().print(f"{where}: the headless host stands in for it, with shells of its own.")
    return True


def _start(paths: Paths, begun: Launch, headless: bool, signals: Signals) -> int:
    """Waits until all of it is up; says what is wrong when it is not."""
    names = startup.wanted(headless)
    try:
        with start_view(console(), names) as show:
            missing = startup.wait_until_up(paths, begun, names, signals, show)
    except Interrupted:
        return exit_codes.INTERRUPTED
    except StartFailed as failure:
        for line in (f"itermbus: {failure}", *(f"    {line}" for line in failure.log)):
            print(line, file=sys.stderr)
        return failure.code
    if missing:
        console().print(f"\n{missing}", markup=False)
        console().print("Its sessions appear as soon as that is mended; `itermbus status` says how.")
    return exit_codes.OK


def _say_what_next(paths: Paths, detach: bool) -> None:
    command = command_name()
    text = _AFTERWARDS.format(socket=paths.gateway_socket, command=command, conf=installation.conf_argument(paths))
    out = console()
    out.print(text, markup=False)
    out.print(f"Stop it with: {command} down" if detach else "Ctrl-C stops all of it.", markup=False)


def _stay(paths: Paths, launcher: subprocess.Popen[bytes], signals: Signals) -> int:
    """Waits for a signal, or for supervisord to end without us."""
    while not signals.stops:
        if launcher.poll() is not None:
            log = paths.log / "supervisord.log"
            if launcher.returncode == 0:
                console().print("itermbus was stopped from elsewhere.")
                return exit_codes.OK
            print(f"itermbus: supervisord ended (exit code {launcher.returncode}); see {log}", file=sys.stderr)
            return exit_codes.FAILURE
        signals.wait(None)
    return exit_codes.OK


def _stop(paths: Paths, signals: Signals) -> None:
    """The ordered stop. Another Ctrl-C from now on cuts it short."""
    if signals.hung_up:
        forget_terminal()
    out = console()
    before = signals.stops
    shutdown.stop(paths, lambda text: out.print(f"{text} ...", markup=False), lambda: signals.stops > before)
    out.print("itermbus is stopped.")
