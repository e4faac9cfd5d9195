"""What the emulator reports about a session becomes variables, notifications and replies."""

from collections.abc import Sequence
from typing import Any

from iterm2 import api_pb2

from headless import naming
from headless.host import Host
from headless.notifications import Subscription, Type
from headless.session import Session

_Prompt = api_pb2.PromptMonitorMode
#: Facts that go into variables as they are.
_VARIABLES = frozenset(
    ("mouseReportingMode", "showingAlternateScreen", "applicationKeypad", "path", "hostname", "username")
)


def take(host: Host, number: int, news: dict[str, Any]) -> None:
    """One batch of news from the emulator process."""
    session = host.by_number.get(number)
    if session is None:
        return
    if news["replies"] and session.task is not None:
        task, data = session.task, str(news["replies"]).encode("latin-1")
        host.notifier.post(lambda: task.type_bytes(data))
    for name, value in news["facts"].items():
        _fact(host, session, name, value)
    if news["bells"]:
        count = session.variables.get("bellCount")
        session.variables.set("bellCount", (count if isinstance(count, int) else 0) + int(news["bells"]))
    for event in news["prompts"]:
        _prompt(host, session, event)
    for identity, payload in news["custom"]:
        notification = api_pb2.Notification()
        custom = notification.custom_escape_sequence_notification
        custom.session, custom.sender_identity, custom.payload = session.guid, identity, payload
        _send(host, session, Type.NOTIFY_ON_CUSTOM_ESCAPE_SEQUENCE, notification)


def _fact(host: Host, session: Session, name: str, value: object) -> None:
    if name in _VARIABLES or name.startswith("user."):
        session.variables.set(name, value)
    elif name == "terminalIconName":
        session.variables.set(name, value)
        naming.set_session_name(host, session, str(value))
    elif name == "terminalWindowName":
        session.variables.set(name, value)


def _prompt(host: Host, session: Session, event: dict[str, Any]) -> None:
    """Shell integration: only monitors that asked for this mode hear of it; none asked for means PROMPT."""
    notification = api_pb2.Notification()
    prompt = notification.prompt_notification
    prompt.session, prompt.unique_prompt_id = session.guid, event["id"]
    kind = event["event"]
    if kind == "prompt":
        mode = _Prompt.PROMPT
        prompt.prompt.prompt.status = api_pb2.GetPromptResponse.OK
        prompt.prompt.prompt.unique_prompt_id = event["id"]
        prompt.prompt.prompt.prompt_state = api_pb2.GetPromptResponse.EDITING
    elif kind == "start":
        mode = _Prompt.COMMAND_START
        prompt.command_start.command = event["command"]
        session.variables.set("lastCommand", event["command"])
    else:
        mode = _Prompt.COMMAND_END
        prompt.command_end.status = event["status"]
    reached: set[int] = set()
    for subscription in host.hub.subscribers(Type.NOTIFY_ON_PROMPT, session.guid):
        if mode in _modes(subscription) and id(subscription.client) not in reached:
            reached.add(id(subscription.client))
            host.hub.deliver(subscription.client, notification)


def _modes(subscription: Subscription) -> Sequence[int]:
    request = subscription.request
    modes = list(request.prompt_monitor_request.modes) if request.HasField("prompt_monitor_request") else []
    return modes or [_Prompt.PROMPT]


def _send(host: Host, session: Session, kind: int, notification: api_pb2.Notification) -> None:
    host.hub.send(kind, notification, session.guid, buried=session in host.app.buried)
