"""The bytes that every producer writes and every client checks: plain text without an escape.

Standard library only: measured processes import it.
"""

import random

#: A prime number of bytes, so that no read of a round size ever sees the same bytes twice in a row.
PERIOD = 1_048_573

#: 64 of them, so that a random byte is one of them with the same chance each.
_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \n"


def pattern() -> bytes:
    """Two periods, so that any piece of up to one period is a slice."""
    # Every client makes it anew, so by a call that takes milliseconds: `choices` takes a third of a second.
    once = random.Random(1).randbytes(PERIOD).translate(_LETTERS * 4)
    return once * 2
