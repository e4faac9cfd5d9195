"""The notifications about windows, tabs and sessions, in iTerm2's order and coalesced as it does."""

import asyncio
from collections.abc import Callable

from iterm2 import api_pb2

from headless.notifications import Hub, Type

Focus = api_pb2.FocusChangedNotification


class Events:
    """Tells subscribers what changed.

    LayoutChanged is coalesced per turn of the main loop and carries the list as it is then
    (sources/API/iTermAPIHelper.m:954-971); focus changes wait behind one that is pending (:1072-1087).
    """

    def __init__(self, hub: Hub, current_list: Callable[[], api_pb2.ListSessionsResponse]) -> None:
        self._hub = hub
        self._current_list = current_list
        self._pending = False
        self._deferred: list[Focus] = []
        self._last_domains: list[list[str]] = []

    def new_session(self, guid: str) -> None:
        """A session object was made; it need not be in a tab yet."""
        notification = api_pb2.Notification()
        notification.new_session_notification.session_id = guid
        self._hub.send(Type.NOTIFY_ON_NEW_SESSION, notification)

    def terminated(self, guid: str) -> None:
        """A session's program ended, or the session was destroyed."""
        notification = api_pb2.Notification()
        notification.terminate_session_notification.session_id = guid
        self._hub.send(Type.NOTIFY_ON_TERMINATE_SESSION, notification)

    def layout_changed(self) -> None:
        """Something about the list changed."""
        if not self._pending:
            self._pending = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._pending = False
        notification = api_pb2.Notification()
        notification.layout_changed_notification.list_sessions_response.CopyFrom(self._current_list())
        self._hub.send(Type.NOTIFY_ON_LAYOUT_CHANGE, notification)
        deferred, self._deferred = self._deferred, []
        for focus in deferred:
            self._send_focus(focus)
        self._hub.paths_changed()

    def focus(self, change: Focus) -> None:
        """One focus change; sent now, or after the pending LayoutChanged."""
        if self._pending:
            self._deferred.append(change)
        else:
            self._send_focus(change)
            self._hub.paths_changed()

    def _send_focus(self, change: Focus) -> None:
        notification = api_pb2.Notification()
        notification.focus_changed_notification.CopyFrom(change)
        self._hub.send(Type.NOTIFY_ON_FOCUS_CHANGE, notification)

    def domains_changed(self, domains: list[list[str]]) -> None:
        """Broadcast domains; only sent when the set differs from the last one sent (:1089)."""
        if sorted(map(sorted, domains)) == sorted(map(sorted, self._last_domains)):
            return
        self._last_domains = domains
        notification = api_pb2.Notification()
        notification.broadcast_domains_changed.SetInParent()
        for ids in domains:
            notification.broadcast_domains_changed.broadcast_domains.add(session_ids=ids)
        self._hub.send(Type.NOTIFY_ON_BROADCAST_CHANGE, notification)
