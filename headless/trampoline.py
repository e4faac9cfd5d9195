"""Makes the terminal on its stdin the controlling one and becomes the session's program.

Run by path with `python -I -S`. Argument 1 is the limit of descriptors, 2 argv[0] of the program, 3 its file, the
rest its arguments.
A small program instead of a preexec function: Python code between fork and exec is unsafe once the host has
threads, and no portable tool sets a controlling terminal. It also undoes Python's own SIGPIPE setting and
whatever the host inherited (nohup, a strict umask), so that a shell starts with default dispositions, an open
signal mask and the file mode mask that macOS gives to apps and so to iTerm2's shells.
"""

import fcntl
import os
import resource
import signal
import sys
import termios


def main() -> int:
    """Never returns, unless the program cannot be started."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        try:
            signal.signal(number, signal.SIG_DFL)
        except (OSError, ValueError):
            continue  # reserved by the C library
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.umask(0o022)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    limit, name, program, *arguments = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(limit), resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    try:
        os.execvp(program, [name, *arguments])
    except OSError as error:
        os.write(2, f"{program}: {error.strerror}\r\n".encode())
    return 127


if __name__ == "__main__":
    sys.exit(main())
