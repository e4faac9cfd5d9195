"""The state of one session; what happens to it is in creation.py, ending.py and sizing.py."""

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from iterm2 import api_pb2

from headless.coprocess_host import Coprocess
from headless.profiles import SessionProfile, new_guid
from headless.pty_session import Program
from headless.pty_task import PtyTask
from headless.split_tree import Rect
from headless.variables import Variables

if TYPE_CHECKING:
    import asyncio

    from headless.model import Tab, Window

_NO_PLACE = Rect(0, 0, 80, 25)
_numbers = itertools.count(1)
#: Announcements of coprocess errors kept per session.
MAX_ANNOUNCEMENTS = 20


@dataclass(eq=False, slots=True)
class Session:
    """One terminal. Identity is the object; its `guid` changes when the program is restarted."""

    profile: SessionProfile
    variables: Variables
    guid: str = field(default_factory=new_guid)
    #: Names the session's screen in the emulator process; never reused.
    number: int = field(default_factory=lambda: next(_numbers))
    rect: Rect = _NO_PLACE
    tab: "Tab | None" = None
    program: Program | None = None
    task: PtyTask | None = None
    #: The program ended and the session stayed, or the session is in its undo period.
    exited: bool = False
    #: Runs while the session can be brought back after a close.
    undo_timer: "asyncio.TimerHandle | None" = None
    #: Where it was before it was closed or buried.
    former_window: "Window | None" = None
    #: The coprocess as the API sees it. It outlives the program's end, as in iTerm2.
    coprocess: Coprocess | None = None
    #: What ended coprocesses wrote to stderr, with their commands; the newest last.
    announcements: list[tuple[str, str]] = field(default_factory=list)
    selection: api_pb2.Selection = field(default_factory=api_pb2.Selection)
    folder: str = "/"
    #: The `w0t0p0` of its environment, computed at launch and never corrected.
    prefix: str = "w0t0p0"

    @property
    def columns(self) -> int:
        """Width in cells."""
        return self.rect.columns

    @property
    def rows(self) -> int:
        """Height in cells."""
        return self.rect.rows

    @property
    def name(self) -> str:
        """The session's own name."""
        return str(self.variables.get("name") or "")

    @property
    def alive(self) -> bool:
        """Whether it has a program that takes input."""
        return self.task is not None and not self.exited

    def announce(self, command: str, errors: str) -> None:
        """Keeps what an ended coprocess wrote to stderr."""
        self.announcements.append((command, errors))
        del self.announcements[:-MAX_ANNOUNCEMENTS]
