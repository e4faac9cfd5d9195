"""The broker's layout, for the command line."""

from collections.abc import Iterator

import zmq

from bus import rpc
from bus.messages.commands import GetLayout
from bus.messages.layout import Layout, Session, Split
from bus.messages.results import LayoutResult
from bus.paths import Paths

#: Seconds that the broker has for its answer.
SECONDS = 2.0


def ask(paths: Paths, seconds: float = SECONDS) -> Layout:
    """The layout as it is now. Raises `ItermbusError` when the broker does not answer, or not as it should."""
    with zmq.Context() as context, rpc.Client(context, paths.broker_rpc) as broker:
        return broker.call(GetLayout(), LayoutResult, seconds=seconds)[0].layout


def sessions(layout: Layout) -> Iterator[Session]:
    """All sessions in the order of windows, tabs and panes, then the buried ones."""
    for window in layout.windows:
        for tab in window.tabs:
            yield from _leaves(tab.root)
    yield from layout.buried


def _leaves(node: Split | Session) -> Iterator[Session]:
    if isinstance(node, Session):
        yield node
    else:
        for child in node.children:
            yield from _leaves(child)
