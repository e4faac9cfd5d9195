"""Prints its stream in bursts until a file says stop, then how far it came into another file, and stays.

    printer.py KEY FOLDER RATE

RATE is the mean in bytes per second. Run in a session, on a terminal of its own.
"""

import os
import random
import sys
import time
import tty
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.chaos.stream import RECORD_BYTES, record

_BURST_SECONDS = 0.25
_LAST_RECORDS = 20


def main() -> None:
    key, folder, rate = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    tty.setraw(0)
    chance = random.Random(key)
    number = 0
    while not (folder / "stop").exists():
        # Long quiet, small pieces and short floods, at the mean rate.
        share = chance.choice((0.0, 0.02, 0.5, 1.0, 3.5))
        for _ in range(int(rate * _BURST_SECONDS * share / RECORD_BYTES)):
            _write(record(number, key))
            number += 1
        time.sleep(_BURST_SECONDS)
    # Whoever lost bytes with the epoch before can see by these where the stream is now.
    for _ in range(_LAST_RECORDS):
        _write(record(number, key))
        number += 1
    (folder / f"{key}.printed").write_text(str(number * RECORD_BYTES))
    while True:
        time.sleep(60)


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


if __name__ == "__main__":
    main()
