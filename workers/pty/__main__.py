"""`python -m workers.pty <session id>`: assembles one session's worker and runs it until it is told to stop."""

import os
import sys

# msgspec asks for it and does without (msgspec/_utils.py). With all that it imports it is 1 MB and a twelfth of the
# start of every worker.
sys.modules["typing_extensions"] = None  # type: ignore[assignment]

import zmq

from bus import config, peer, process, sockets, topics
from bus.errors import Invalid, SetupError
from bus.paths import Paths, check
from bus.subscriptions import Subscriptions
from workers.pty.attach import AttachListener
from workers.pty.audience import Audience
from workers.pty.links import LINK_BACKLOG, Links
from workers.pty.lock import lock
from workers.pty.loop import Ends, PtyWorker
from workers.pty.stream import Stream

#: How long to wait for the worker of a dead supervisord, which looks for its parent once a second.
_TAKE_OVER_SECONDS = 10.0


def main() -> int:
    if len(sys.argv) != 2:
        process.print_error("workers.pty", "usage: python -m workers.pty SESSION_ID")
        return process.EXIT_FAILURE
    return process.run(lambda: serve(sys.argv[1]), "workers.pty")


def serve(session_id: str) -> int:
    """Runs the worker of `session_id`. Raises `SetupError` for what the user has to mend."""
    try:
        topics.check_session_id(session_id)
    except Invalid as error:
        raise SetupError(str(error)) from None
    process.check_supervised("workers.pty")
    paths = Paths.of_home()
    check(paths)
    settings = config.load(paths)
    process.start_logging(settings.log_level)
    stop = process.StopSignal()
    mine = paths.session(session_id)
    holding = lock(mine.lock, _TAKE_OVER_SECONDS)
    with zmq.Context() as context:
        publisher = sockets.knowing_publisher(context, mine.pub, [paths.bus_feed])
        requests = sockets.rpc_server(context, mine.rpc)
        links = Links(topics.worker_name(session_id))
        audience = Audience(session_id, publisher, Subscriptions(publisher), links)
        stream = Stream(session_id, mine.ring, settings.worker.ring_bytes, audience)
        stream.hold()
        # Only the one worker of the session gets here, so a socket there is a stale one.
        mine.link.unlink(missing_ok=True)
        followers = peer.listen(mine.link, LINK_BACKLOG)
        # Last: a shim that finds a listener stops reading and expects an answer at once.
        shims = AttachListener(mine.attach, session_id)
        worker = PtyWorker(session_id, Ends(publisher, requests, followers, shims), stream, audience, links)
        try:
            worker.run(stop)
        finally:
            worker.close()
            shims.close()
            followers.close()
            stream.release()
            publisher.close()
            requests.close()
            # Closing a listener leaves its file behind, libzmq's too (4.3.5, src/ipc_listener.cpp: close).
            for left in (mine.pub, mine.rpc, mine.link):
                left.unlink(missing_ok=True)
    os.close(holding)
    return process.EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
