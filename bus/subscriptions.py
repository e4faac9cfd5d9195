"""What the subscribers of a publishing socket want, so that nothing is made for nobody.

libzmq tells an XPUB socket of the first subscription to a prefix and of the end of the last one (zmq_socket(3)).
"""

import zmq

from bus import sockets

#: Subscriptions taken in a row before the process goes on with its own work.
_NEWS_PER_TURN = 64

#: Prefixes that are remembered. What only one past these wants is not made.
_PREFIXES_MOST = 10_000


class Subscriptions:
    """The prefixes that are subscribed to at a socket of `sockets.knowing_publisher`.

    Poll the socket for reading, then call `take_news`.
    """

    def __init__(self, publisher: zmq.Socket[bytes]) -> None:
        self._publisher = publisher
        self._prefixes: set[bytes] = set()
        self._known: dict[tuple[bytes, bytes], bool] = {}

    def take_news(self) -> list[bytes]:
        """Takes what came of subscriptions; returns the new prefixes. Whatever else was sent here is dropped."""
        fresh = []
        for parts in sockets.waiting(self._publisher, _NEWS_PER_TURN):
            if len(parts) != 1:
                continue
            # A subscription is 1 and a prefix, its end 0 and that.
            kind, prefix = parts[0][:1], parts[0][1:]
            if kind == b"\x01" and len(self._prefixes) < _PREFIXES_MOST:
                self._prefixes.add(prefix)
                fresh.append(prefix)
            elif kind == b"\x00":
                self._prefixes.discard(prefix)
            self._known.clear()
        return fresh

    def wants(self, topic: bytes, named: bytes = b"") -> bool:
        """Whether anybody has subscribed to `topic`, by a prefix that begins with `named`.

        Ask for few topics: answers are kept.
        """
        wanted = self._known.get((topic, named))
        if wanted is None:
            wanted = any(topic.startswith(prefix) for prefix in self._prefixes if prefix.startswith(named))
            self._known[topic, named] = wanted
        return wanted
