"""ScreenUpdate notifications at the pace iTerm2 draws (iTerm2 sources/PTYSession/iTermUpdateCadenceController.m)."""

import asyncio

from iterm2 import api_pb2

from headless.host import Host
from headless.notifications import Type
from headless.session import Session

#: Seconds between two updates of a session in a visible tab, and of one in the background.
VISIBLE_SECONDS = 1 / 60
BACKGROUND_SECONDS = 1.0


class ScreenUpdates:
    """Turns "the screen changed" into at most 60 notifications per second, or one in the background."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._sent: dict[int, float] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}

    def changed(self, number: int) -> None:
        """A session's screen changed."""
        session = self._host.by_number.get(number)
        if session is None or number in self._timers or not self._watched(session):
            return
        loop = asyncio.get_running_loop()
        due = self._sent.get(number, 0.0) + (VISIBLE_SECONDS if _visible(session) else BACKGROUND_SECONDS)
        self._timers[number] = loop.call_at(max(due, loop.time()), self._send, number)

    def _watched(self, session: Session) -> bool:
        """Buried sessions have no view and closed ones are not drawn (PTYSession.m:14757)."""
        return session.tab is not None and bool(self._host.hub.subscribers(Type.NOTIFY_ON_SCREEN_UPDATE, session.guid))

    def _send(self, number: int) -> None:
        self._timers.pop(number, None)
        session = self._host.by_number.get(number)
        if session is None or session.tab is None:
            self._sent.pop(number, None)
            return
        self._sent[number] = asyncio.get_running_loop().time()
        notification = api_pb2.Notification()
        notification.screen_update_notification.session = session.guid
        self._host.hub.send(Type.NOTIFY_ON_SCREEN_UPDATE, notification, session.guid)


def _visible(session: Session) -> bool:
    return session.tab is not None and session.tab.window.selected is session.tab
