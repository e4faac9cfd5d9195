"""A stream whose every byte says where it is: records of 64 bytes, numbered, none like another. Standard library only.

The programs in the sessions print it, and whoever gets any 128 bytes of it knows which they are.
"""

import re
from hashlib import blake2b

RECORD_BYTES = 64

_RECORD = re.compile(rb"([0-9a-f]{15}):[0-9a-f]{47}\n")


def record(number: int, key: str) -> bytes:
    """Record `number` of the stream that is named `key`."""
    digest = blake2b(b"%s %d" % (key.encode(), number), digest_size=24).hexdigest()[:47]
    return b"%015x:%s\n" % (number, digest.encode())


def expected(position: int, size: int, key: str) -> bytes:
    """The bytes from `position` of the stream."""
    first = position // RECORD_BYTES
    last = (position + size - 1) // RECORD_BYTES
    records = b"".join(record(number, key) for number in range(first, last + 1))
    return records[position - first * RECORD_BYTES :][:size]


def locate(data: bytes, key: str) -> int | None:
    """The position of the first byte of `data` in the stream; None when it holds no whole record of it."""
    for match in _RECORD.finditer(data):
        number = int(match[1], 16)
        if match[0] == record(number, key):
            return number * RECORD_BYTES - match.start()
    return None
