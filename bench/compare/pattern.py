"""The bytes that every producer writes and every client checks: plain text without an escape.

Standard library only: measured processes import it.
"""

import random

#: A prime number of bytes, so that no read of a round size ever sees the same bytes twice in a row.
PERIOD = 1_048_573

_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \n"


def pattern() -> bytes:
    """Two periods, so that any piece of up to one period is a slice."""
    once = bytes(random.Random(1).choices(_LETTERS, k=PERIOD))
    return once * 2
