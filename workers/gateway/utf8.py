"""Where UTF-8 text may be cut. Pure."""

#: Bytes in the longest character, less one: what an incomplete character at an end holds at most.
TAIL_BYTES = 3


def incomplete_tail(data: bytes, end: int) -> int:
    """How many of the last bytes before `end`, 0 to 3, begin a character that they do not complete.

    Bytes that can never become a character (terminals get such too) count as complete: nobody waits for them.
    """
    for back in range(1, min(TAIL_BYTES, end) + 1):
        byte = data[end - back]
        if byte & 0xC0 == 0x80:
            continue
        return back if _length(byte) > back and _may_follow(data, end - back, end) else 0
    return 0


def cut_before(data: bytes, limit: int) -> int:
    """The largest place up to `limit` at which `data` can be cut without cutting a character."""
    if len(data) <= limit:
        return len(data)
    return limit - incomplete_tail(data, limit)


def _length(lead: int) -> int:
    """The length of the character that `lead` begins; 1 for a byte that begins none."""
    if 0xC2 <= lead <= 0xDF:
        return 2
    if 0xE0 <= lead <= 0xEF:
        return 3
    if 0xF0 <= lead <= 0xF4:
        return 4
    return 1


#: What may follow some leads, narrower than 0x80-0xBF (Unicode 15, table 3-7).
_SECOND = {0xE0: (0xA0, 0xBF), 0xED: (0x80, 0x9F), 0xF0: (0x90, 0xBF), 0xF4: (0x80, 0x8F)}


def _may_follow(data: bytes, lead: int, end: int) -> bool:
    if lead + 1 == end:
        return True
    low, high = _SECOND.get(data[lead], (0x80, 0xBF))
    return low <= data[lead + 1] <= high
