"""The versions that peers compare.

`BUS_VERSION` is in every header. A receiver that meets another one counts the message and drops it; a request
of another version is refused with both numbers, so that its sender can say what to restart.
"""

from importlib import metadata

#: Version of the bus's wire format. It changes when a peer of the old format would misread the new one;
#: new optional keys in a header do not change it, since unknown keys are ignored.
BUS_VERSION = 1


def release() -> str:
    """The version of the installed itermbus distribution, as `itermbus version` prints it."""
    return metadata.version("itermbus")
