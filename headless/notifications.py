"""Who subscribed to what, and sending it (iTerm2 sources/API/iTermAPIHelper.m:1889-2143)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from iterm2 import api_pb2

from headless.variables import Variables, to_json

Type = api_pb2.NotificationType
Status = api_pb2.NotificationResponse

#: Subscriptions one connection may hold; the package's own programs have some dozens.
MAX_SUBSCRIPTIONS = 20_000

#: Types whose subscription does not name a session.
GLOBAL_TYPES = frozenset(
    (
        Type.NOTIFY_ON_NEW_SESSION,
        Type.NOTIFY_ON_TERMINATE_SESSION,
        Type.NOTIFY_ON_LAYOUT_CHANGE,
        Type.NOTIFY_ON_FOCUS_CHANGE,
        Type.NOTIFY_ON_BROADCAST_CHANGE,
    )
)
#: Types whose subscription names one session, "active" or "all".
SESSION_TYPES = frozenset(
    (
        Type.NOTIFY_ON_KEYSTROKE,
        Type.NOTIFY_ON_SCREEN_UPDATE,
        Type.NOTIFY_ON_PROMPT,
        Type.NOTIFY_ON_CUSTOM_ESCAPE_SEQUENCE,
        Type.KEYSTROKE_FILTER,
    )
)
ALL = "all"


class Client(Protocol):
    """One API connection."""

    def notify(self, notification: api_pb2.Notification) -> None:
        """Sends a notification; never blocks."""


@dataclass(eq=False, slots=True)
class Subscription:
    """One subscription of one connection. For sessions the first arguments stay, whatever is asked again."""

    client: Client
    type: int
    #: A session's GUID, ALL, or "" for types without one.
    session: str
    request: api_pb2.NotificationRequest


@dataclass(eq=False, slots=True)
class VariableMonitor:
    """A watched path. The identifier it was made with is echoed for ever, also after a restart (new GUID)."""

    client: Client
    scope: "api_pb2.VariableScope.ValueType"
    identifier: str
    name: str
    root: Variables
    #: What the client asked for: the identifier, or "all".
    requested: str
    last: str = field(default="")

    def current(self) -> str:
        """The value as JSON."""
        return to_json(self.root.get(self.name))


class Hub:
    """All subscriptions. Notifications leave in the order of the calls."""

    def __init__(self) -> None:
        self._subscriptions: list[Subscription] = []
        self._monitors: list[VariableMonitor] = []
        #: Stands between the hub and the connections; faults are injected here.
        self.deliver: Callable[[Client, api_pb2.Notification], None] = _deliver

    # Bookkeeping.

    def find(self, client: Client, kind: int, session: str) -> Subscription | None:
        """The subscription of a connection to a type for exactly this session."""
        return next(
            (s for s in self._subscriptions if s.client is client and s.type == kind and s.session == session), None
        )

    def count(self, client: Client) -> int:
        """How many subscriptions and monitors a connection has."""
        return sum(s.client is client for s in self._subscriptions) + sum(m.client is client for m in self._monitors)

    def add(self, subscription: Subscription) -> None:
        """Adds one."""
        self._subscriptions.append(subscription)

    def remove(self, subscription: Subscription) -> None:
        """Removes one."""
        self._subscriptions.remove(subscription)

    def remove_equal(self, request: api_pb2.NotificationRequest) -> bool:
        """Removes the "all" subscriptions of **every** connection that equal this unsubscription.

        As iTerm2 does, which compares the request only (sources/API/iTermAPIHelper.m:2075-2080).
        """
        wanted = api_pb2.NotificationRequest()
        wanted.CopyFrom(request)
        wanted.subscribe = True
        before = len(self._subscriptions)
        self._subscriptions = [s for s in self._subscriptions if s.session != ALL or s.request != wanted]
        return len(self._subscriptions) != before

    def forget(self, client: Client) -> None:
        """A connection ended."""
        self._subscriptions = [s for s in self._subscriptions if s.client is not client]
        self._monitors = [m for m in self._monitors if m.client is not client]

    def forget_session(self, guid: str, variables: Variables) -> None:
        """A session is gone for good, its subscriptions and monitors with it."""
        self._subscriptions = [s for s in self._subscriptions if s.session != guid]
        self._monitors = [m for m in self._monitors if m.root is not variables]

    def session_renamed(self, old: str, new: str) -> None:
        """A restart gave a session a new GUID; subscriptions belong to the session object and follow it."""
        for subscription in self._subscriptions:
            if subscription.session == old:
                subscription.session = new

    # Variable monitors.

    def add_monitor(self, monitor: VariableMonitor) -> None:
        """Watches a path from now on; there is no notification of the initial value."""
        monitor.last = monitor.current()
        self._monitors.append(monitor)

    def find_monitors(self, client: Client | None, scope: int, requested: str, name: str) -> list[VariableMonitor]:
        """The monitors asked for in these words, of one connection or of all."""
        return [
            monitor
            for monitor in self._monitors
            if (client is None or monitor.client is client)
            and (monitor.scope, monitor.requested, monitor.name) == (scope, requested, name)
        ]

    def remove_monitors(self, monitors: list[VariableMonitor]) -> None:
        """Stops watching."""
        self._monitors = [monitor for monitor in self._monitors if monitor not in monitors]

    def extend_monitors(self, guid: str, variables: Variables) -> None:
        """A new session: monitors of all sessions watch it too."""
        for monitor in [m for m in self._monitors if m.requested == ALL and m.scope == variables.scope]:
            extended = VariableMonitor(
                client=monitor.client,
                scope=monitor.scope,
                identifier=guid,
                name=monitor.name,
                root=variables,
                requested=f"{ALL}:{guid}",
            )
            self.add_monitor(extended)

    def watches(self, names: frozenset[str]) -> bool:
        """Whether somebody watches one of these variables."""
        return any(monitor.name.rpartition(".")[2] in names for monitor in self._monitors)

    def variable_changed(self, owner: Variables, name: str) -> None:
        """A variable has a new value: whoever watches it, by whatever path, hears of it once."""
        for monitor in self._monitors:
            if monitor.name.endswith(name) and monitor.root.resolve(monitor.name) == (owner, name):
                self._check(monitor)

    def paths_changed(self) -> None:
        """Another session or tab became current: paths through them may lead to other values."""
        for monitor in self._monitors:
            if "." in monitor.name:
                self._check(monitor)

    def _check(self, monitor: VariableMonitor) -> None:
        value = monitor.current()
        if value == monitor.last:
            return
        monitor.last = value
        notification = api_pb2.Notification()
        changed = notification.variable_changed_notification
        changed.scope, changed.identifier, changed.name = monitor.scope, monitor.identifier, monitor.name
        changed.json_new_value = value
        self.deliver(monitor.client, notification)

    # Sending.

    def send(self, kind: int, notification: api_pb2.Notification, session: str = "", buried: bool = False) -> None:
        """Sends to all subscribers of a type; for session types to those of this session or of all (not buried) ones.

        A connection that asked for both gets one.
        """
        reached: set[int] = set()
        for subscription in list(self._subscriptions):
            if subscription.type != kind or id(subscription.client) in reached:
                continue
            if session and subscription.session != session and (subscription.session != ALL or buried):
                continue
            reached.add(id(subscription.client))
            self.deliver(subscription.client, notification)

    def subscribers(self, kind: int, session: str) -> list[Subscription]:
        """The subscriptions that cover a session."""
        return [s for s in self._subscriptions if s.type == kind and s.session in (session, ALL)]


def _deliver(client: Client, notification: api_pb2.Notification) -> None:
    client.notify(notification)
