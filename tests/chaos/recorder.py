"""Writes every line that is typed into a file, in the order in which they come.

    recorder.py FILE

Run in a session, on a terminal of its own.
"""

import os
import sys
import tty
from pathlib import Path


def main() -> None:
    tty.setraw(0)
    os.write(1, b"listening\n")
    with Path(sys.argv[1]).open("ab", buffering=0) as file:
        while data := os.read(0, 65536):
            file.write(data)
            os.write(1, data)


if __name__ == "__main__":
    main()
