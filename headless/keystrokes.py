"""Keys that a user presses: monitors hear of them, filters keep them from the program (PTYSession.m:11202)."""

from iterm2 import api_pb2

from headless.host import Host
from headless.notifications import Type
from headless.session import Session

_Modifier = api_pb2.Modifiers


def press(host: Host, session: Session, text: str) -> None:
    """Presses the keys for `text` in a session's view. Key codes are unknown here and 0."""
    typed = [key for key in text if not _press_one(host, session, key)]
    task = session.task
    if typed and task is not None:
        data = "".join(typed).encode("utf-8", "replace")
        host.notifier.post(lambda: task.type_bytes(data))


def _press_one(host: Host, session: Session, key: str) -> bool:
    """Tells the monitors of one key; whether a filter takes it."""
    notification = api_pb2.Notification()
    stroke = notification.keystroke_notification
    stroke.session, stroke.keyCode, stroke.action = session.guid, 0, api_pb2.KeystrokeNotification.KEY_DOWN
    stroke.characters = stroke.charactersIgnoringModifiers = key
    if key < " " and key not in "\r\t\x1b":
        stroke.modifiers.append(_Modifier.CONTROL)
        stroke.charactersIgnoringModifiers = chr(ord(key) + 0x60)
    elif key.isupper():
        stroke.modifiers.append(_Modifier.SHIFT)
    host.hub.send(Type.NOTIFY_ON_KEYSTROKE, notification, session.guid, buried=session in host.app.buried)
    return any(
        matches(pattern, stroke)
        for subscription in host.hub.subscribers(Type.KEYSTROKE_FILTER, session.guid)
        for pattern in subscription.request.keystroke_filter_request.patterns_to_ignore
    )


def matches(pattern: api_pb2.KeystrokePattern, stroke: api_pb2.KeystrokeNotification) -> bool:
    """Whether a pattern covers a key: its modifiers fit, and one of its lists names the key."""
    pressed = set(stroke.modifiers)
    if not set(pattern.required_modifiers) <= pressed or set(pattern.forbidden_modifiers) & pressed:
        return False
    return (
        stroke.keyCode in pattern.keycodes
        or stroke.characters in pattern.characters
        or stroke.charactersIgnoringModifiers in pattern.characters_ignoring_modifiers
    )
