"""What each exit code of `itermbus` means. A code keeps its meaning for good: scripts and launchd rely on it."""

from bus.process import EXIT_FAILURE, EXIT_OK, EXIT_SETUP

OK = EXIT_OK
FAILURE = EXIT_FAILURE  # something was tried and did not work; the text says what
USAGE = 2  # wrong arguments, as everywhere
ALREADY_RUNNING = 3  # another instance runs; nothing was touched
NOT_RUNNING = 4  # there is nothing to stop or to show
DEGRADED = 5  # `status`: it runs, and something in it does not
SETUP = EXIT_SETUP  # the machine, the run-time folder or the configuration has to be mended first
INTERRUPTED = 130  # Ctrl-C before `up` had finished starting

#: code -> meaning, for `itermbus --help` and the documentation.
MEANINGS: dict[int, str] = {
    OK: "done, or all well",
    FAILURE: "it did not work; the message says why",
    USAGE: "wrong arguments",
    ALREADY_RUNNING: "already running; nothing was touched",
    NOT_RUNNING: "not running",
    DEGRADED: "running, but not all well",
    SETUP: "the set-up has to be mended first",
    INTERRUPTED: "interrupted before everything was up",
}
