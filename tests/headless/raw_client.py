"""A client of iTerm2's protocol below the package: one message at a time, everything in the order it came."""

import itertools
import time
from pathlib import Path

import pytest
from iterm2 import api_pb2
from websockets.sync.client import ClientConnection, unix_connect

HEADERS = {
    "x-iterm2-library-version": "python 2.30",
    "x-iterm2-disable-auth-ui": "true",
    "x-iterm2-advisory-name": "raw",
}


class RawClient:
    """Sends requests and keeps the notifications that come in between."""

    def __init__(self, path: Path, cookie: str) -> None:
        self.socket: ClientConnection = unix_connect(
            str(path),
            uri="ws://localhost/",
            origin="ws://localhost/",  # type: ignore[arg-type]  # a plain text is an origin
            subprotocols=["api.iterm2.com"],  # type: ignore[list-item]
            additional_headers={**HEADERS, "x-iterm2-cookie": cookie},
            compression=None,
            user_agent_header=None,
            max_size=None,
        ).__enter__()  # its only way to connect without a deprecated call; __exit__ below closes it
        self._ids = itertools.count(1)
        self.notifications: list[api_pb2.Notification] = []

    def __enter__(self) -> "RawClient":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.socket.close()

    def send(self, **submessage: object) -> int:
        """Sends a request without waiting; its id."""
        request = api_pb2.ClientOriginatedMessage(id=next(self._ids), **submessage)  # type: ignore[arg-type]
        self.socket.send(request.SerializeToString())
        return request.id

    def receive(self, seconds: float = 10.0) -> api_pb2.ServerOriginatedMessage:
        """The next message of any kind."""
        data = self.socket.recv(timeout=seconds)
        assert isinstance(data, bytes)
        return api_pb2.ServerOriginatedMessage.FromString(data)

    def ask(self, **submessage: object) -> api_pb2.ServerOriginatedMessage:
        """Sends a request; its answer. Notifications that come first are kept."""
        wanted = self.send(**submessage)
        while True:
            message = self.receive()
            if message.id == wanted:
                return message
            assert message.HasField("notification")
            self.notifications.append(message.notification)

    def subscribe(self, *kinds: int, session: str = "all") -> None:
        """Subscribes to types of notifications."""
        for kind in kinds:
            request = api_pb2.NotificationRequest(session=session, subscribe=True)
            request.notification_type = kind  # type: ignore[assignment]
            answer = self.ask(notification_request=request)
            assert answer.notification_response.status == api_pb2.NotificationResponse.OK

    def take(self, count: int, seconds: float = 10.0) -> list[api_pb2.Notification]:
        """The next `count` notifications, those kept first."""
        end = time.monotonic() + seconds
        while len(self.notifications) < count:
            try:
                message = self.receive(max(0.0, end - time.monotonic()))
            except TimeoutError:
                pytest.fail(f"{count} notifications wanted, these came: {describe_all(self.notifications)}")
            self.notifications.append(message.notification)
        taken, self.notifications = self.notifications[:count], self.notifications[count:]
        return taken

    def quiet(self, seconds: float) -> bool:
        """Whether no message comes for a while."""
        try:
            self.receive(seconds)
        except TimeoutError:
            return not self.notifications
        return False

    def sessions(self) -> list[str]:
        """The GUIDs of all sessions in windows."""
        listed = self.ask(list_sessions_request=api_pb2.ListSessionsRequest()).list_sessions_response
        return [
            link.session.unique_identifier
            for window in listed.windows
            for tab in window.tabs
            for link in tab.root.links
        ]

    def windows(self) -> api_pb2.ListSessionsResponse:
        """The whole list."""
        return self.ask(list_sessions_request=api_pb2.ListSessionsRequest()).list_sessions_response

    def invoke(self, session: str, invocation: str) -> api_pb2.InvokeFunctionResponse:
        """Calls a method of a session."""
        request = api_pb2.InvokeFunctionRequest(invocation=invocation, timeout=-1)
        request.method.receiver = session
        return self.ask(invoke_function_request=request).invoke_function_response

    def type(self, session: str, text: str) -> None:
        """Types into a session."""
        request = api_pb2.SendTextRequest(session=session, text=text, suppress_broadcast=True)
        answer = self.ask(send_text_request=request).send_text_response
        assert answer.status == api_pb2.SendTextResponse.OK

    def screen(self, session: str) -> list[str]:
        """The lines of a session's screen."""
        request = api_pb2.GetBufferRequest(session=session)
        request.line_range.screen_contents_only = True
        return [line.text for line in self.ask(get_buffer_request=request).get_buffer_response.contents]


def describe(notification: api_pb2.Notification) -> str:
    """One word for a notification, with what it names."""
    if notification.HasField("new_session_notification"):
        return f"new {notification.new_session_notification.session_id}"
    if notification.HasField("terminate_session_notification"):
        return f"terminate {notification.terminate_session_notification.session_id}"
    if notification.HasField("layout_changed_notification"):
        return "layout"
    if notification.HasField("focus_changed_notification"):
        focus = notification.focus_changed_notification
        kind = focus.WhichOneof("event")
        value = focus.window.window_status if kind == "window" else getattr(focus, kind or "")
        return f"focus {kind} {value}"
    return str(notification).split(maxsplit=1)[0]


def describe_all(notifications: list[api_pb2.Notification]) -> list[str]:
    """The same for several."""
    return [describe(notification) for notification in notifications]
