"""What iTerm2 tells unasked, into the model: at once where that is safe, by a fresh look where it is not."""

from collections.abc import Callable
from typing import Any

from broker.announcer import Announcer
from broker.iterm2_answers import decode
from broker.iterm2_link import protocol
from broker.listing import apply_focus
from broker.looker import Looker
from broker.model import Model
from broker.offset_line import OffsetLine
from broker.onlooker import Onlooker


class Watcher:
    """Takes the notifications of one connection after the other, in their order."""

    def __init__(
        self,
        model: Model,
        announcer: Announcer,
        looker: Looker,
        onlooker: Onlooker,
        offsets: OffsetLine,
        request_look: Callable[[], None],
    ) -> None:
        """`request_look` asks for a reconcile."""
        self._model = model
        self._announcer = announcer
        self._looker = looker
        self._onlooker = onlooker
        self._offsets = offsets
        self._request_look = request_look

    def handle(self, notification: Any) -> None:
        """One notification. What it says of the list of sessions is not used: only a look shows all of it."""
        if notification.HasField("focus_changed_notification"):
            self._focus(notification.focus_changed_notification)
        elif notification.HasField("screen_update_notification"):
            self._onlooker.changed(notification.screen_update_notification.session)
        elif notification.HasField("prompt_notification"):
            self._offsets.prompted(notification.prompt_notification)
        elif notification.HasField("variable_changed_notification"):
            self._variable(notification.variable_changed_notification)
        elif notification.HasField("terminate_session_notification"):
            self._terminated(notification.terminate_session_notification.session_id, exited=True)
        elif notification.HasField("new_session_notification"):
            # The same id again means that its close was undone (sources/PTYSession/PTYSession.m:3920).
            self._terminated(notification.new_session_notification.session_id, exited=False)
        else:
            self._looker.layout_changed()
            self._request_look()

    def _focus(self, word: Any) -> None:
        """Focus is told at once, without a question first: a viewer follows the user's eyes."""
        focus = apply_focus(self._model.focus, word, self._model.listing)
        if focus is not None:
            self._model.focus = focus
            self._announcer.changed()
        self._request_look()

    def _variable(self, change: Any) -> None:
        if change.scope == protocol.APP:
            theme = decode(change.json_new_value)
            if change.name == "effectiveTheme" and isinstance(theme, str):
                self._looker.theme_is(theme)
                self._request_look()
            return
        record = self._model.sessions.get(change.identifier)
        if record is None:
            return
        record.variables[change.name] = decode(change.json_new_value)
        self._announcer.changed()
        if change.name in ("columns", "rows"):
            self._offsets.size_changed(change.identifier)
        if change.name == "profileName":
            self._looker.profile_changed(change.identifier)
        if change.name in ("profileName", "tmuxRole"):
            self._request_look()

    def _terminated(self, session_id: str, exited: bool) -> None:
        """A session whose program ended may stay on screen and in the list (sources/PTYSession/PTYSession.m:4529)."""
        record = self._model.sessions.get(session_id)
        if record is not None:
            record.exited = exited
        self._request_look()
