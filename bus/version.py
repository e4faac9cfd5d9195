"""The versions that peers compare.

`BUS_VERSION` is in every header. A receiver that meets another one counts the message and drops it, and says so once; a
request of another version is refused with both numbers and what to restart.

So that versions can tell each other apart, this stays as it is in all of them: a header is a MessagePack map, `v` is in
it, a request and its reply carry `id`, and a refusal is `refusal: {code, message}`.
"""

#: Version of the bus's wire format. It changes when a peer of the old format would misread the new one;
#: new optional keys in a header do not change it, since unknown keys are ignored.
BUS_VERSION = 1


def remedy(other: int, process: str, peer: str) -> str:
    """What to restart when the process named `process`, this one, meets version `other` of `peer`: the older one.

    `process` and `peer` are names in supervisord, or words for a peer whose name is not known.
    """
    older = process if other > BUS_VERSION else peer
    if " " in older:
        return f"restart {older}, or everything with `itermbus restart all`"
    return f"restart it with `itermbus restart {older}`"


def release() -> str:
    """The version of the installed itermbus distribution, as `itermbus version` prints it."""
    # Here, because it would be 2 MB in every worker, which never asks.
    from importlib import metadata

    return metadata.version("itermbus")
