"""What the parts of a running host share: one record, made by app.py and passed along."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headless.config import Config
from headless.cookies import CookieJar
from headless.events import Events
from headless.model import App
from headless.notifications import Hub
from headless.profiles import ProfileStore
from headless.pty_session import Program
from headless.screens import Screens
from headless.session import Session
from headless.tally import Tally
from headless.task_notifier import TaskNotifier

if TYPE_CHECKING:
    from headless.pty_task import PtyTask
    from headless.rpc import Registry

#: Commands in the most-recent-coprocess list (iTerm2 sources/Tasks/Coprocess.m:44).
MAX_RECENT_COPROCESSES = 20


@dataclass(eq=False, slots=True)
class Host:
    """The collaborators; main thread only."""

    config: Config
    #: What lets API clients in.
    cookies: CookieJar
    #: The environment that sessions and coprocesses build on.
    environment: Mapping[str, str]
    app: App
    profiles: ProfileStore
    notifier: TaskNotifier
    screens: Screens
    hub: Hub
    events: Events
    registry: "Registry"
    #: Follows the end of a session's program; set to ending.program_ended.
    on_program_ended: "Callable[[Host, Session, PtyTask], None]"
    #: What all PTYs ever gave; sessions come and go.
    tally: Tally = field(default_factory=Tally)
    #: Every program started and perhaps not yet reaped, by pid: none may outlive an orderly end.
    programs: dict[int, Program] = field(default_factory=dict)
    #: Sessions with a screen, by their number in the emulator process.
    by_number: dict[int, Session] = field(default_factory=dict)
    #: User default `Coprocess MRU`, newest first.
    recent_coprocesses: list[str] = field(default_factory=list)
    #: Layouts saved under a name by SavedArrangementRequest.
    arrangements: dict[str, list[list[int]]] = field(default_factory=dict)
    #: User defaults set through PreferencesRequest, as JSON.
    preferences: dict[str, str] = field(default_factory=dict)

    def note_coprocess(self, command: str) -> None:
        """Puts a command in front of the recent ones, without duplicates."""
        self.recent_coprocesses = [command, *(c for c in self.recent_coprocesses if c != command)]
        del self.recent_coprocesses[MAX_RECENT_COPROCESSES:]
