"""Variables of the app, windows, tabs and sessions, and paths through them (sources/Language/iTermVariables.m)."""

import json
from collections.abc import Callable, Mapping

from iterm2 import api_pb2

Scope = api_pb2.VariableScope

#: Most names a scope holds; only `user.` names can be added from outside.
MAX_NAMES = 4096


class Variables:
    """The variables of one object."""

    def __init__(
        self,
        scope: "api_pb2.VariableScope.ValueType",
        on_change: Callable[["Variables", str], None],
    ) -> None:
        """`on_change` hears of each new value."""
        self.scope = scope
        self._on_change = on_change
        self._links: dict[str, Callable[[], Variables | None]] = {}
        self._values: dict[str, object] = {}

    def link(self, **links: Callable[[], "Variables | None"]) -> None:
        """Other objects that paths reach from here, by the path's first word."""
        self._links.update(links)

    def set(self, name: str, value: object) -> None:
        """Gives a variable a value; None unsets it. A value equal to the old one changes nothing."""
        if self._values.get(name) == value and type(self._values.get(name)) is type(value):
            return
        if value is None:
            self._values.pop(name, None)
        elif name in self._values or len(self._values) < MAX_NAMES:
            self._values[name] = value
        self._on_change(self, name)

    def update(self, values: Mapping[str, object]) -> None:
        """Sets several."""
        for name, value in values.items():
            self.set(name, value)

    def get(self, path: str) -> object:
        """The value at a path such as `columns` or `tab.title`; None when unset, unknown, or an object."""
        owner, name = self.resolve(path)
        return None if owner is None else owner._values.get(name)

    def resolve(self, path: str) -> "tuple[Variables | None, str]":
        """The object whose variable a path names, and the variable's own name there."""
        owner: Variables | None = self
        name = path
        while owner is not None and (head := name.partition("."))[1] and head[0] in owner._links:
            owner = owner._links[head[0]]()
            name = head[2]
        return owner, name

    def everything(self) -> dict[str, str]:
        """All own variables as text: the answer to a get of `*`."""
        return {name: _as_text(value) for name, value in sorted(self._values.items())}


def to_json(value: object) -> str:
    """A value as iTerm2 writes it at top level: booleans as 1 and 0, unset as null."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return json.dumps(value)


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    return to_json(value)


def is_user_name(name: str) -> bool:
    """Whether a client may set this variable: `user.` and one more component."""
    head, dot, rest = name.partition(".")
    return head == "user" and bool(dot) and bool(rest) and "." not in rest
