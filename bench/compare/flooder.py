"""A program in a terminal that floods it, the same for every design that has a terminal in it.

    flooder.py FIFO BYTES

It makes the terminal raw, says that it is ready, waits until somebody opens the FIFO, prints, and stays.
Standard library only.
"""

import os
import signal
import sys
import tty
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.compare.pattern import PERIOD, pattern

#: What it says; neither the command line that is echoed nor a prompt holds it.
READY = b"\x01ready\x01"

_WRITE_BYTES = 64 * 1024


def main() -> None:
    fifo, size = sys.argv[1], int(sys.argv[2])
    data = memoryview(pattern())
    tty.setraw(1)
    os.write(1, READY)
    with Path(fifo).open("rb") as sign:
        sign.read()
    at = 0
    while at < size:
        start = at % PERIOD
        at += os.write(1, data[start : start + min(_WRITE_BYTES, size - at)])
    # A prompt after the last byte is nothing that a reader has to know.
    signal.pause()


if __name__ == "__main__":
    main()
