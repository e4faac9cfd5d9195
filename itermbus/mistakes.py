"""What a user can get wrong in a command: one line says what, and the exit code is that of wrong arguments."""

from typing import ClassVar

from bus.errors import ItermbusError
from itermbus import exit_codes


class Mistake(ItermbusError):
    """The arguments do not fit what there is. `exit_code` is what the command ends with."""

    exit_code: ClassVar[int] = exit_codes.USAGE


class NotRunning(Mistake):
    """There is no instance to ask."""

    exit_code: ClassVar[int] = exit_codes.NOT_RUNNING

    def __init__(self) -> None:
        super().__init__("itermbus is not running. `itermbus up` starts it.")
