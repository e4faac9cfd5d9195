"""What the broker publishes: the layout when it changed, closed sessions, changed profiles."""

import asyncio

import msgspec
import zmq

from broker.layout import compose
from broker.model import Model
from bus import codec
from bus.messages.events import Closed, Config, Iterm2Changed, PromptMark, SessionConfig, SessionSnapshot
from bus.messages.fields import Message
from bus.messages.layout import Iterm2Status, Layout

#: Changes within this time of the last layout are told together: a program may set its title with every frame.
_PAUSE_SECONDS = 0.03

#: Seconds after a layout at which it is sent again as it is, and after the last of them every so often: a subscriber
#: that was just connecting (they retry once a second), or was behind, learns of it then.
_REPEAT_SECONDS = (1, 3)
_REPEAT_EVERY_SECONDS = 30


class Announcer:
    """Publishes into the trace proxy. Its socket never waits for anybody."""

    def __init__(self, publisher: zmq.Socket[bytes], model: Model, broker: str) -> None:
        """`broker` names this run, so that a reader notices a restart."""
        self._publisher = publisher
        self._model = model
        self._layout = compose(model, broker, 0)
        self._published = 0.0
        self._planned: asyncio.TimerHandle | None = None
        #: Set once there is something to tell: a broker that has just started must not say that there are no sessions.
        self.opened = asyncio.Event()

    def open(self) -> None:
        """The model is complete for the first time, or is known to stay empty for now."""
        if not self.opened.is_set():
            self.opened.set()
            self.changed()

    def layout(self) -> Layout:
        """The layout as it is now. Publishes it if that is news, so that revisions keep their order."""
        self._publish_if_changed()
        return self._layout

    def changed(self) -> None:
        """Something in the model may have changed: tells at once, or in a moment if it told just now."""
        if self._planned is not None or not self.opened.is_set():
            return
        loop = asyncio.get_running_loop()
        wait = self._published + _PAUSE_SECONDS - loop.time()
        if wait <= 0:
            self._publish_if_changed()
        else:
            self._planned = loop.call_later(wait, self._carry_out_plan)

    def iterm2(self, status: Iterm2Status) -> None:
        self._send("iterm2", Iterm2Changed(iterm2=status))

    def closed(self, session_id: str) -> None:
        self._send("closed", Closed(session_id=session_id))

    def config(self, session_id: str, config: Config) -> None:
        self._send("config", SessionConfig(session_id=session_id, config=config))

    def prompt(self, mark: PromptMark) -> None:
        self._send("prompt", mark)

    def snapshot(self, snapshot: SessionSnapshot, repaint: bytes) -> None:
        self._send("snapshot", snapshot, repaint)

    async def repeat(self) -> None:
        """Sends the last layout again at times. Runs until cancelled."""
        while True:
            await asyncio.sleep(1)
            age = round(asyncio.get_running_loop().time() - self._published)
            if not self.opened.is_set():
                continue
            if age in _REPEAT_SECONDS or age % _REPEAT_EVERY_SECONDS == _REPEAT_EVERY_SECONDS - 1:
                self._send("layout", self._layout)

    def close(self) -> None:
        """Forgets what was put off."""
        if self._planned is not None:
            self._planned.cancel()
            self._planned = None

    def _carry_out_plan(self) -> None:
        self._planned = None
        self._publish_if_changed()

    def _publish_if_changed(self) -> None:
        last = self._layout
        layout = compose(self._model, last.broker, last.revision)
        if layout == last and last.revision:
            return
        self._layout = msgspec.structs.replace(layout, revision=last.revision + 1)
        self._published = asyncio.get_running_loop().time()
        self._send("layout", self._layout)

    def _send(self, name: str, body: Message, payload: bytes = b"") -> None:
        self._publisher.send_multipart(codec.encode_event(name, body, payload))
