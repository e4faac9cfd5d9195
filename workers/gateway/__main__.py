"""`python -m workers.gateway`: assembles the gateway and runs it until it is told to stop."""

import sys

import zmq

from bus import config, process
from bus.paths import Paths, check
from workers.gateway.app import Gateway
from workers.gateway.listener import Listener


def main() -> int:
    return process.run(serve, "workers.gateway")


def serve() -> int:
    """Runs the gateway. Raises `SetupError` for what the user has to mend."""
    process.check_supervised("workers.gateway")
    paths = Paths.of_home()
    check(paths)
    settings = config.load(paths)
    process.start_logging(settings.log_level)
    stop = process.StopSignal()
    listener = Listener(paths.gateway_socket)
    try:
        with zmq.Context() as context:
            gateway = Gateway(context, paths, settings.gateway, listener)
            try:
                gateway.run(stop)
            finally:
                gateway.close()
    finally:
        listener.close()
    return process.EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
