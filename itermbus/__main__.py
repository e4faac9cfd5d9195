"""`itermbus`: arguments to a command, and what it raises to one line and an exit code."""

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bus.errors import AlreadyRunning, ItermbusError, SetupError
from bus.process import print_error
from itermbus import completion, exit_codes, session_options
from itermbus.mistakes import Mistake

app = typer.Typer(
    name="itermbus",
    help="Finds every iTerm2 session and hands its bytes to other programs, and their input back.",
    epilog="Exit codes:  " + "; ".join(f"{code} {meaning}" for code, meaning in exit_codes.MEANINGS.items()) + ".",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Headless = Annotated[
    bool | None,
    typer.Option(
        "--headless/--no-headless",
        help="Run the host that stands in for iTerm2, with shells of its own. Default: where there is no iTerm2.",
        show_default=False,
    ),
]

Profiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--profile",
        metavar="FILE",
        help="Profiles for the headless host: iTerm2's JSON export or dynamic profile format. Repeatable.",
        show_default=False,
    ),
]

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, for scripts.")]

# The commands on one session are declared beside it: they are many, and have many options.
session_options.register(app)

# Each command imports its module when it is called: `itermbus supervise` must not wait for tables it never draws.


@app.command(epilog="Example: itermbus up --headless --detach")
def up(
    headless: Headless = None,
    profile: Profiles = None,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return once everything is up.")] = False,
) -> NoReturn:
    """Start everything and show it coming up. Ctrl-C stops all of it."""
    from itermbus.commands import up as command

    raise typer.Exit(command.run(headless, detach, profile or []))


@app.command(epilog="Example: itermbus down")
def down() -> NoReturn:
    """Stop everything, in order, and leave nothing behind."""
    from itermbus.commands import down as command

    raise typer.Exit(command.run())


@app.command(epilog="Example: itermbus restart gateway; after an upgrade: itermbus restart all")
def restart(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME...",
            help="broker, gateway, headless, pty-SESSION (the beginning of its id is enough), or all: every one of "
            "them but the headless host, whose end would be the shells' end.",
            show_default=False,
            autocompletion=completion.processes,
        ),
    ] = None,
    as_json: AsJson = False,
) -> NoReturn:
    """Restart processes one at a time, each until it answers again. No session loses anything."""
    from itermbus.commands import restart as command

    raise typer.Exit(command.run(names or [], as_json))


@app.command(epilog="Example: itermbus status --json; for a scraper: itermbus status --prometheus")
def status(
    as_json: AsJson = False,
    as_prometheus: Annotated[bool, typer.Option("--prometheus", help="Print all figures for Prometheus.")] = False,
) -> NoReturn:
    """Show the processes, iTerm2 and the sessions, and what to do about what is not well."""
    from itermbus.commands import status as command

    raise typer.Exit(command.run(as_json, as_prometheus))


@app.command(epilog="Example: itermbus top")
def top() -> NoReturn:
    """Show what `status` shows, live. q or Ctrl-C ends it."""
    from itermbus.commands import top as command

    raise typer.Exit(command.run())


@app.command(epilog="Example: itermbus sessions --json")
def sessions(as_json: AsJson = False) -> NoReturn:
    """Show the sessions alone: size, whether attached or why not, bytes, viewers."""
    from itermbus.commands import sessions as command

    raise typer.Exit(command.run(as_json))


@app.command(epilog="Example: itermbus logs broker; all of them, as they are written: itermbus logs -f")
def logs(
    name: Annotated[
        str | None,
        typer.Argument(
            help="A process, or the beginning of a session's id. Without one: all.",
            show_default=False,
            autocompletion=completion.logs,
        ),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="Begin with so many lines of each.")] = 20,
) -> NoReturn:
    """Print the end of the processes' logs. What sessions print is never in them."""
    from itermbus.commands import logs as command

    raise typer.Exit(command.run(name, follow, lines))


@app.command(epilog="Example: itermbus config; after editing ~/.itermbus/config.toml: itermbus config --check")
def config(
    as_json: AsJson = False,
    check: Annotated[bool, typer.Option("--check", help="Only say whether config.toml can be used.")] = False,
) -> NoReturn:
    """Show each setting in force and where it came from."""
    from itermbus.commands import config as command

    raise typer.Exit(command.run(as_json, check))


@app.command(epilog="Example: itermbus doctor; before you ask for help: itermbus doctor --json")
def doctor(
    as_json: AsJson = False,
    round_trip: Annotated[
        bool,
        typer.Option(
            "--round-trip",
            help="Also type into a session: in a window of its own, which iTerm2 shows for a moment. "
            "With the headless host that is always done.",
        ),
    ] = False,
) -> NoReturn:
    """Look for what is wrong with this set-up, and say how to mend it. Exit code 1: something is."""
    from itermbus.commands import doctor as command

    raise typer.Exit(command.run(as_json, round_trip))


@app.command(epilog="Example: itermbus install && itermbus doctor")
def install() -> NoReturn:
    """Start at every login, and now: a LaunchAgent on a Mac, elsewhere a systemd user unit with the headless host."""
    from itermbus.commands import install as command

    raise typer.Exit(command.run())


@app.command(epilog="Example: itermbus uninstall --yes && pipx uninstall itermbus")
def uninstall(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove ~/.itermbus too, without a question.")] = False,
) -> NoReturn:
    """Stop everything, and remove what `install` wrote and, if you agree, ~/.itermbus."""
    from itermbus.commands import uninstall as command

    raise typer.Exit(command.run(yes))


@app.command(epilog="Example: itermbus init && supervisord -c supervisord.conf")
def init(headless: Headless = None, profile: Profiles = None) -> NoReturn:
    """Lay out ~/.itermbus without starting anything. `up` and `supervise` do it by themselves."""
    from itermbus.commands import init as command

    raise typer.Exit(command.run(headless, profile or []))


@app.command(epilog="Example: itermbus supervise --headless")
def supervise(headless: Headless = None, profile: Profiles = None) -> NoReturn:
    """Run supervisord in the foreground. For launchd and systemd; people use `up`."""
    from itermbus.commands import supervise as command

    command.run(headless, profile or [])


@app.command(epilog='Example: itermbus env --json; in a shell: eval "$(itermbus env)"')
def env(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, for programs.")] = False,
) -> NoReturn:
    """Print what a program needs to reach the headless host with the iterm2 package. Good for one connection."""
    from itermbus.commands import env as command

    raise typer.Exit(command.run(as_json))


@app.command(epilog="Example: itermbus version")
def version() -> NoReturn:
    """Show what is installed."""
    from itermbus.commands import version as command

    raise typer.Exit(command.run())


def main() -> NoReturn:
    """Runs the command line and exits with one of `itermbus.exit_codes`."""
    os.umask(0o077)
    try:
        app()
    except AlreadyRunning as error:
        _fail(error, exit_codes.ALREADY_RUNNING)
    except SetupError as error:
        _fail(error, exit_codes.SETUP)
    except Mistake as error:
        _fail(error, error.exit_code)
    except ItermbusError as error:
        _fail(error, exit_codes.FAILURE)
    except BrokenPipeError:
        # Whoever read our output has seen enough; a second complaint while Python closes stdout helps nobody.
        sys.stderr.close()
        sys.exit(exit_codes.FAILURE)
    sys.exit(exit_codes.OK)


def _fail(error: ItermbusError, code: int) -> NoReturn:
    print_error("itermbus", str(error))
    sys.exit(code)


if __name__ == "__main__":
    main()
