"""`python -m broker`: assembles the broker and runs it until it is told to stop."""

import sys

from bus import config, process
from bus.paths import Paths, check


def main() -> int:
    return process.run(serve, "broker")


def serve() -> int:
    """Runs the broker. Raises `SetupError` for what the user has to mend."""
    process.check_supervised("broker")
    paths = Paths.of_home()
    check(paths)
    settings = config.load(paths)
    process.start_logging(settings.log_level)
    # Only now: a wrong folder should be told at once, and the iterm2 package takes its time to load.
    from broker import app

    app.run(paths, settings)
    return process.EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
