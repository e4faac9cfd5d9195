"""`itermbus attach`: a session on this terminal."""

import sys

from rich.prompt import Prompt
from rich.text import Text

from bus.log_lines import one_line
from bus.messages.layout import Layout, Session
from itermbus import detach_key, exit_codes, layout_reader, sessions
from itermbus.attachment import Attachment, Manner
from itermbus.console import console, forget_terminal, table
from itermbus.following import Follower
from itermbus.mistakes import Mistake
from itermbus.raw_terminal import RawTerminal


def run(name: str | None, key: str, read_only: bool, resize: bool) -> int:
    """Shows a session until it is detached. Raises `Mistake`, `SetupError`, `ItermbusError`."""
    if read_only and resize:
        raise Mistake("--read-only and --resize exclude each other: to resize is to change something")
    manner = Manner(detach_key.parse(key), read_only, resize)
    paths = sessions.running_paths()
    terminal = RawTerminal()
    layout = sessions.ask_layout(paths)
    session = _pick(layout) if name is None else sessions.choose(layout, name)
    if sessions.shown_on(layout, sys.stdout.fileno()) == session.session_id:
        # It would print what it prints, for ever.
        raise Mistake("this is that very session: it cannot be shown on itself")
    follower = Follower(
        paths.gateway_socket, session.session_id, "itermbus attach", read_only=read_only, strip_queries=True
    )
    try:
        with terminal:
            reason = Attachment(terminal, follower, manner).run()
    except OSError:
        forget_terminal()
        return exit_codes.FAILURE
    finally:
        follower.close()
    sys.stderr.write(f"[{one_line(session.title)} {session.session_id[:8]}: {one_line(reason)}]\n")
    return exit_codes.OK


def _pick(layout: Layout) -> Session:
    """The only session, or the one that the user picks."""
    every = list(layout_reader.sessions(layout))
    if not every:
        raise Mistake("there is no session")
    if len(every) == 1:
        return every[0]
    out = console()
    rows = table(out, "", "SESSION", "SIZE", "JOB", "TITLE")
    active = sessions.active_id(layout)
    for number, one in enumerate(every, 1):
        title = Text(one_line(one.title), style="bold" if one.session_id == active else "")
        rows.add_row(str(number), one.session_id[:8], f"{one.columns}x{one.rows}", Text(one_line(one.job or "")), title)
    out.print(rows)
    default = next((n for n, one in enumerate(every, 1) if one.session_id == active), 1)
    numbers = [str(number) for number in range(1, len(every) + 1)]
    try:
        answer = Prompt.ask("Which one?", console=out, choices=numbers, show_choices=False, default=str(default))
    except (EOFError, KeyboardInterrupt):
        raise Mistake("none was picked") from None
    return every[int(answer) - 1]
