"""The arguments of the commands that look into sessions: `trace`, `attach`, `send`, `snapshot`, `last`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bus.limits import SCROLLBACK_LINES
from itermbus.mistakes import Mistake

_NAMES = "A session's id, the beginning of one that fits no other, or `active`."

Name = Annotated[str, typer.Argument(metavar="SESSION", help=_NAMES)]


class Form(StrEnum):
    """What `snapshot` writes."""

    TEXT = "text"
    ANSI = "ansi"
    HTML = "html"
    SVG = "svg"


def register(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    app.command(epilog="Example: itermbus trace --session active --hex; itermbus trace --session 3F --record a.cast")(
        trace
    )
    app.command(epilog="Example: itermbus attach active --resize")(attach)
    app.command(epilog="Example: itermbus send active --enter make test; itermbus send 3F --keys C-c")(send)
    app.command(epilog="Example: itermbus snapshot active --format svg -o screen.svg")(snapshot)
    app.command(epilog="Example: itermbus last active --pass-status")(last)


def trace(
    session: Annotated[str | None, typer.Option("--session", "-s", metavar="SESSION", help=_NAMES)] = None,
    topic: Annotated[
        list[str] | None,
        typer.Option(
            "--topic", "-t", metavar="PREFIX", help="Only topics that begin so: pty., event.size. Repeatable."
        ),
    ] = None,
    process: Annotated[
        str | None, typer.Option("--process", "-p", metavar="NAME", help="Only what it publishes: broker, pty-3F.")
    ] = None,
    as_hex: Annotated[bool, typer.Option("--hex", help="Show bytes as a hex dump.")] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="Print the sessions' bytes as they are, and nothing else.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object a line.")] = False,
    count: Annotated[int | None, typer.Option("--count", "-n", min=1, help="End after so many messages.")] = None,
    seconds: Annotated[float | None, typer.Option("--seconds", min=0, help="End after so many seconds.")] = None,
    record: Annotated[
        Path | None,
        typer.Option(
            "--record",
            metavar="FILE",
            help="Write one session as an asciicast instead, for `asciinema play`. What is typed is in it as far as "
            "the session echoes it.",
        ),
    ] = None,
    with_input: Annotated[
        bool, typer.Option("--with-input", help="Also what is typed through itermbus, passwords among it.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE.")] = False,
) -> NoReturn:
    """Show what passes over the bus, as it passes, until Ctrl-C. Nobody waits for it."""
    from itermbus.commands import record as record_command
    from itermbus.commands import trace as command

    if as_hex + raw + as_json > 1:
        raise Mistake("--hex, --raw and --json exclude each other")
    until = command.Until(count, seconds)
    if record is not None:
        if topic or process or as_hex or raw or as_json or count:
            raise Mistake("--record goes with --session, --seconds, --with-input and --force only")
        raise typer.Exit(record_command.run(record, session, until, replace=force, with_input=with_input))
    form: command.Form = "hex" if as_hex else "raw" if raw else "json" if as_json else "escaped"
    raise typer.Exit(command.run(session, topic or [], process, form, until, with_input=with_input))


def attach(
    session: Annotated[
        str | None, typer.Argument(metavar="SESSION", help=_NAMES + " Without one you pick.", show_default=False)
    ] = None,
    key: Annotated[str, typer.Option("--detach-key", metavar="KEY", help="The key that ends it.")] = "ctrl-]",
    read_only: Annotated[bool, typer.Option("--read-only", "-r", help="Show it, and send nothing.")] = False,
    resize: Annotated[
        bool,
        typer.Option(
            "--resize", help="Give the session this terminal's size meanwhile. Without, iTerm2's size stays as it is."
        ),
    ] = False,
) -> NoReturn:
    """Show a session on this terminal, and type into it, until Ctrl-] detaches."""
    from itermbus.commands import attach as command

    raise typer.Exit(command.run(session, key, read_only, resize))


def send(
    session: Name,
    text: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT...", help="Words are joined by spaces.", show_default=False)
    ] = None,
    enter: Annotated[bool, typer.Option("--enter", "-e", help="And Enter at the end.")] = False,
    stdin: Annotated[bool, typer.Option("--stdin", help="And what comes on standard input.")] = False,
    as_keys: Annotated[
        bool, typer.Option("--keys", "-k", help="The words are names of keys: C-c, Up, Escape, M-x.")
    ] = False,
) -> NoReturn:
    """Type text into a session. Returns once the session has it."""
    from itermbus.commands import send as command

    raise typer.Exit(command.run(session, text or [], enter, stdin, as_keys))


def snapshot(
    session: Name,
    form: Annotated[Form, typer.Option("--format", "-f", help="What to write.")] = Form.TEXT,
    scrollback: Annotated[
        int, typer.Option(min=0, max=SCROLLBACK_LINES, metavar="N", help="Lines above the screen.")
    ] = 0,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write a file of mode 0600 instead of standard output."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE.")] = False,
) -> NoReturn:
    """Print a session's screen as it is now."""
    from itermbus.commands import snapshot as command

    raise typer.Exit(command.run(session, form.value, scrollback, output, force))


def last(
    session: Name,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object with the exit status.")] = False,
    pass_status: Annotated[bool, typer.Option("--pass-status", help="Exit with the command's own status.")] = False,
) -> NoReturn:
    """Print exactly what a session's last finished command printed. Needs iTerm2's shell integration there."""
    from itermbus.commands import last as command

    raise typer.Exit(command.run(session, as_json, pass_status))
