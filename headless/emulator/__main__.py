"""Entry of the emulator process; started by the host with the number of its end of the socket."""

import logging
import socket
import sys

from headless.emulator.process import serve


def main() -> int:
    """Serves on the descriptor named by the only argument."""
    logging.basicConfig(format="%(asctime)s emulator %(levelname)s %(message)s", level=logging.WARNING)
    try:
        serve(socket.socket(fileno=int(sys.argv[1])))
    except (BrokenPipeError, ConnectionResetError):
        return 0  # the host is gone, and with it everything worth telling
    return 0


if __name__ == "__main__":
    sys.exit(main())
