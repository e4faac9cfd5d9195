"""The proxy behind `bus.pub`: what the broker and the workers publish reaches whoever subscribes there.

libzmq's own proxy runs in a thread of its own and never enters Python, so a tracer costs the event loop nothing.
It forwards subscriptions, so a worker's frames come here only while somebody has subscribed to them. It has its
own context because the end of its context is the one thing that ends it: steerable proxies are gone from
libzmq 4.3.5.
"""

import threading
from types import TracebackType

import zmq

from bus import sockets
from bus.errors import SetupError
from bus.paths import Paths


class TraceProxy:
    """Runs from `__enter__` to `__exit__`."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "TraceProxy":
        """Binds both ends. Raises `SetupError` when one cannot be bound."""
        try:
            ends = sockets.proxy_ends(self._context, self._paths.bus_feed, self._paths.bus_pub)
        except zmq.ZMQError as error:
            self._context.destroy(linger=0)
            raise SetupError(f"cannot listen at {self._paths.bus_feed} or {self._paths.bus_pub}: {error}.") from None
        self._thread = threading.Thread(target=_forward, args=ends, name="trace proxy", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        # Returns once the thread has closed both sockets, which the end of the context makes it do.
        self._context.term()
        if self._thread is not None:
            self._thread.join()


def _forward(receiving: zmq.Socket[bytes], sending: zmq.Socket[bytes]) -> None:
    try:
        zmq.proxy(receiving, sending)
    except zmq.ContextTerminated:
        pass
    finally:
        receiving.close()
        sending.close()
