"""iTerm2's own functions and methods: coprocesses, names, moving, dialogs (sources/PTYSession/PTYSession.m:22671)."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from iterm2 import api_pb2

from headless import activation, coprocesses, creation, ending, naming, sizing, split_tree
from headless.errors import InvocationError
from headless.host import Host
from headless.model import Tab, Window
from headless.session import Session
from headless.variables import Variables

_Status = api_pb2.InvokeFunctionResponse

Target = Session | Tab | Window
Arguments = Mapping[str, object]
Builtin = Callable[[Host, "Receiver", Arguments], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Receiver:
    """What a call is about: an object, or the app (None); as a method's receiver or as context."""

    target: Target | None
    is_method: bool

    def variables(self, host: Host) -> Variables:
        """The scope in which the call's expressions are evaluated."""
        return host.app.variables if self.target is None else self.target.variables

    def describe(self) -> str:
        """For error texts."""
        return type(self.target).__name__.lower() if self.target is not None else "app"


def find(receiver: Receiver, name: str, arguments: frozenset[str]) -> Builtin | None:
    """The built-in function with this name and these arguments for this receiver, if there is one."""
    kind = type(receiver.target) if receiver.is_method else None
    for allowed, required, optional, function in _TABLE.get(name, ()):
        if allowed is kind and required <= arguments <= required | optional:
            return function
    return None


# Coprocesses.


async def _run_coprocess(host: Host, receiver: Receiver, arguments: Arguments) -> object:
    """1 if it was started, 0 if the session has one already."""
    mute = arguments.get("mute")
    muted = isinstance(mute, (bool, int, float)) and bool(mute)
    return int(coprocesses.start(host, _session(receiver), _text(arguments, "commandLine"), muted=muted))


async def _get_coprocess(_host: Host, receiver: Receiver, _arguments: Arguments) -> object:
    """The command as given, or null."""
    coprocess = _session(receiver).coprocess
    return None if coprocess is None else coprocess.command


async def _stop_coprocess(host: Host, receiver: Receiver, _arguments: Arguments) -> object:
    """1 if one was stopped, 0 if there was none."""
    stopping = coprocesses.stop(host, _session(receiver))
    return 0 if stopping is None else int(await stopping)


# Names.


async def _set_name(host: Host, receiver: Receiver, arguments: Arguments) -> object:
    session = _session(receiver)
    name = _text(arguments, "name")
    session.profile.divorce({"Name": name})
    naming.set_session_name(host, session, name)
    return None


async def _set_title(_host: Host, receiver: Receiver, arguments: Arguments) -> object:
    assert isinstance(receiver.target, (Tab, Window))
    naming.set_title(receiver.target, _text(arguments, "title"))
    return None


# Moving.


async def _select_pane(host: Host, receiver: Receiver, arguments: Arguments) -> object:
    """The pane next to the active one in a direction; its id, or null if there is none."""
    tab = receiver.target
    assert isinstance(tab, Tab)
    direction = _text(arguments, "direction")
    here = tab.active.rect
    for session, rect in split_tree.layout(tab.root, tab.window.area):
        overlaps_y = rect.y < here.y + here.rows and here.y < rect.y + rect.rows
        overlaps_x = rect.x < here.x + here.columns and here.x < rect.x + rect.columns
        beside = {
            "right": overlaps_y and rect.x == here.x + here.columns + split_tree.DIVIDER,
            "left": overlaps_y and rect.x + rect.columns + split_tree.DIVIDER == here.x,
            "below": overlaps_x and rect.y == here.y + here.rows + split_tree.DIVIDER,
            "above": overlaps_x and rect.y + rect.rows + split_tree.DIVIDER == here.y,
        }.get(direction, False)
        if beside:
            activation.select_pane(host, session)
            return session.guid
    return None


async def _move_session(host: Host, _receiver: Receiver, arguments: Arguments) -> object:
    """Moves a pane beside another one."""
    session, destination = _known(host, arguments, "session"), _known(host, arguments, "destination")
    if destination.tab is None or session is destination:
        raise InvocationError(_Status.FAILED, "The destination is not in a tab")
    vertical, before = bool(arguments["vertical"]), bool(arguments["before"])
    if not split_tree.can_split(destination.rect, vertical=vertical):
        raise InvocationError(_Status.FAILED, "The destination is too small to split")
    ending.detach(host, session)
    tab = destination.tab
    split_tree.split(tab.root, destination, session, vertical=vertical, before=before)
    session.tab = tab
    sizing.relayout(host, tab)
    host.events.layout_changed()
    activation.select_pane(host, session)
    return None


async def _move_session_to_new_tab(host: Host, _receiver: Receiver, arguments: Arguments) -> object:
    """Moves a pane into a tab of its own; the tab's id."""
    session = _known(host, arguments, "session")
    window = host.app.window(str(arguments["window_id"])) if arguments.get("window_id") else None
    if window is None:
        window = session.tab.window if session.tab is not None else None
    index = arguments.get("tab_index")
    ending.detach(host, session)
    window = creation.window_for(host, window, session)
    at = len(window.tabs) if not isinstance(index, int) else max(0, min(index, len(window.tabs)))
    tab = creation.insert_tab(host, window, session, at)
    host.events.layout_changed()
    activation.select_tab(host, tab)
    return str(tab.tab_id)


async def _move_session_to_new_window(host: Host, _receiver: Receiver, arguments: Arguments) -> object:
    """Moves a pane into a window of its own; the window's id."""
    session = _known(host, arguments, "session")
    ending.detach(host, session)
    window = creation.window_for(host, None, session)
    tab = creation.insert_tab(host, window, session, 0)
    host.events.layout_changed()
    activation.bring_to_front(host, window)
    activation.select_tab(host, tab)
    return window.window_id


async def _move_tab_to_window(host: Host, receiver: Receiver, _arguments: Arguments) -> object:
    """Moves a tab into a new window; the window's id."""
    tab = receiver.target
    assert isinstance(tab, Tab)
    session = tab.active
    ending.remove_tab(host, tab)
    window = creation.window_for(host, None, session)
    tab.window = window
    window.tabs.append(tab)
    sizing.relayout(host, tab)
    host.events.layout_changed()
    activation.bring_to_front(host, window)
    activation.select_tab(host, tab)
    return window.window_id


# Dialogs: nobody sits here, so each is answered as if it had been cancelled.


async def _alert(_host: Host, _receiver: Receiver, arguments: Arguments) -> object:
    """The last button, which is where Cancel stands; 1000 is the first one's number."""
    buttons = arguments.get("buttons")
    return 1000 + max(0, len(buttons) - 1) if isinstance(buttons, list) else 1000


async def _cancelled(_host: Host, _receiver: Receiver, _arguments: Arguments) -> object:
    return None


async def _no_browser(_host: Host, _receiver: Receiver, _arguments: Arguments) -> object:
    raise InvocationError(_Status.FAILED, "Not a browser session")


async def _accepted(_host: Host, _receiver: Receiver, _arguments: Arguments) -> object:
    """Something that only shows on a screen: accepted without effect."""
    return None


def _session(receiver: Receiver) -> Session:
    assert isinstance(receiver.target, Session)
    return receiver.target


def _text(arguments: Arguments, name: str) -> str:
    value = arguments[name]
    if not isinstance(value, str):
        raise InvocationError(_Status.FAILED, f"Argument {name} must be a string, not {json.dumps(value)[:100]}")
    return value


def _known(host: Host, arguments: Arguments, name: str) -> Session:
    session = host.app.session(str(arguments[name]))
    if session is None:
        raise InvocationError(_Status.FAILED, f"No session with identifier “{arguments[name]}”")
    return session


def _names(*names: str) -> frozenset[str]:
    return frozenset(names)


_NONE: frozenset[str] = frozenset()
#: Name to rows of: kind of receiver (None for a plain function), required and optional arguments, function.
_TABLE: dict[str, tuple[tuple[type | None, frozenset[str], frozenset[str], Builtin], ...]] = {
    "iterm2.run_coprocess": ((Session, _names("commandLine"), _names("mute"), _run_coprocess),),
    "iterm2.get_coprocess": ((Session, _NONE, _NONE, _get_coprocess),),
    "iterm2.stop_coprocess": ((Session, _NONE, _NONE, _stop_coprocess),),
    "iterm2.set_name": ((Session, _names("name"), _NONE, _set_name),),
    "iterm2.set_title": (
        (Tab, _names("title"), _NONE, _set_title),
        (Window, _names("title"), _NONE, _set_title),
    ),
    "iterm2.select_pane_in_direction": ((Tab, _names("direction"), _NONE, _select_pane),),
    "iterm2.move_session": ((None, _names("session", "destination", "vertical", "before"), _NONE, _move_session),),
    "iterm2.move_session_to_new_tab": (
        (None, _names("session"), _names("window_id", "tab_index"), _move_session_to_new_tab),
    ),
    "iterm2.move_session_to_new_window": ((None, _names("session"), _NONE, _move_session_to_new_window),),
    "iterm2.move_tab_to_window": ((Tab, _NONE, _NONE, _move_tab_to_window), (None, _NONE, _NONE, _move_tab_to_window)),
    "iterm2.alert": ((None, _names("title", "subtitle", "buttons", "window_id"), _NONE, _alert),),
    "iterm2.get_string": (
        (None, _names("title", "subtitle", "placeholder", "defaultValue", "window_id"), _NONE, _cancelled),
    ),
    "iterm2.load_url": ((Session, _names("url"), _NONE, _no_browser),),
    "iterm2.browser_eval_js": ((Session, _names("js"), _NONE, _no_browser),),
    "iterm2.browser_set_toolbar_hidden": ((Session, _names("hidden"), _NONE, _no_browser),),
}
