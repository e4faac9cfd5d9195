"""Shell integration: where prompts, commands and their outputs are."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

#: Prompts remembered per session; the oldest go first.
MAX_PROMPTS = 1000

#: A place in a session: column and absolute line.
Place = tuple[int, int]


@dataclass(slots=True)
class Prompt:
    """One prompt and what followed it; None where it has not come yet."""

    identifier: str
    prompt_start: Place
    command_start: Place | None = None
    output_start: Place | None = None
    output_end: Place | None = None
    command: str = ""
    folder: str = ""
    status: int | None = None


@dataclass(slots=True)
class Marks:
    """All prompts of a session, oldest first."""

    prompts: list[Prompt] = field(default_factory=list)
    folder: str = ""

    def prompt_begins(self, at: Place) -> None:
        """OSC 133 A. A prompt drawn again at the same place (a redraw) replaces itself."""
        if self.prompts and self.prompts[-1].output_start is None:
            self.prompts[-1].prompt_start = at
            return
        self.prompts.append(Prompt(str(uuid.uuid4()).upper(), at, folder=self.folder))
        del self.prompts[:-MAX_PROMPTS]

    def command_begins(self, at: Place) -> dict[str, object] | None:
        """OSC 133 B: the prompt is complete; the event to report, if a prompt was open."""
        if not self.prompts or self.prompts[-1].output_start is not None:
            return None
        current = self.prompts[-1]
        current.command_start = at
        current.folder = self.folder
        return {"event": "prompt", "id": current.identifier}

    def output_begins(self, at: Place, read: Callable[[Place], str]) -> dict[str, object] | None:
        """OSC 133 C: the command runs; `read` gives the text from a place up to `at`."""
        if not self.prompts or self.prompts[-1].command_start is None or self.prompts[-1].output_start:
            return None
        current = self.prompts[-1]
        assert current.command_start is not None
        current.command = read(current.command_start)
        current.output_start = at
        return {"event": "start", "id": current.identifier, "command": current.command}

    def command_ended(self, at: Place, status: int) -> dict[str, object] | None:
        """OSC 133 D."""
        if not self.prompts or self.prompts[-1].output_start is None or self.prompts[-1].status is not None:
            return None
        current = self.prompts[-1]
        current.status = status
        current.output_end = at
        return {"event": "end", "id": current.identifier, "status": status}

    def move_lines(self, overflow: int, moved: Sequence[int]) -> None:
        """Follows a rewrap: `moved` gives for each line since `overflow` its new place among them."""

        def follow(place: Place | None) -> Place | None:
            if place is None or not 0 <= place[1] - overflow < len(moved):
                return place
            return place[0], overflow + moved[place[1] - overflow]

        for prompt in self.prompts:
            prompt.prompt_start = follow(prompt.prompt_start) or prompt.prompt_start
            prompt.command_start = follow(prompt.command_start)
            prompt.output_start = follow(prompt.output_start)
            prompt.output_end = follow(prompt.output_end)
