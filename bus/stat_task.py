"""A process's figures on the bus, for a process that runs on asyncio."""

import asyncio
from collections.abc import Callable

import zmq

from bus.messages.stat import AnyFigures
from bus.stat_feed import EVERY_SECONDS, StatFeed
from bus.subscriptions import Subscriptions


async def publish(publisher: zmq.Socket[bytes], process: str, figures: Callable[[], AnyFigures]) -> None:
    """Publishes `figures` over a socket of its own while somebody has subscribed. Runs until cancelled.

    `process` is this one's name in supervisord. libzmq tells of each message only once at the socket's descriptor, and
    may do so during any call on that socket. So nobody else uses it, and after each call here all that came is taken.
    """
    subscriptions = Subscriptions(publisher)
    feed = StatFeed(publisher, subscriptions, process, figures)
    loop = asyncio.get_running_loop()
    descriptor = publisher.fileno()

    def take_news() -> None:
        feed.greet(subscriptions.take_news())

    loop.add_reader(descriptor, take_news)
    try:
        while True:
            take_news()
            feed.tick()
            take_news()
            await asyncio.sleep(EVERY_SECONDS)
    finally:
        loop.remove_reader(descriptor)
