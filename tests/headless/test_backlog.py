"""What happens when the emulator is behind: the oldest bytes go, modes and titles stay, and it is counted."""

from headless.backlog import Backlog, rescue
from headless.emulator.wire import Kind


def drain(backlog: Backlog) -> list[tuple[Kind, bytes]]:
    """All that waits."""
    items = []
    while backlog:
        items.append(backlog.pop())
    return items


def test_order_is_kept() -> None:
    backlog = Backlog()
    backlog.data(b"a")
    backlog.command(Kind.ASK, b"q")
    backlog.data(b"b")
    assert drain(backlog) == [(Kind.BYTES, b"a"), (Kind.ASK, b"q"), (Kind.BYTES, b"b")]
    assert backlog.waiting_bytes == 0


def test_the_older_half_is_dropped_and_counted() -> None:
    backlog = Backlog(limit=100)
    backlog.data(b"\x1b[?1049h" + b"x" * 42)
    backlog.command(Kind.RESIZE, b"size")
    backlog.data(b"y" * 40)
    backlog.data(b"z" * 40)
    items = drain(backlog)
    assert (Kind.RESIZE, b"size") in items, "commands are never dropped"
    assert items[-1] == (Kind.BYTES, b"z" * 40)
    assert (Kind.BYTES, b"\x18\x1b[?1049h") in items
    assert backlog.shed_bytes == 90
    assert backlog.shed_count == 1
    assert backlog.waiting_bytes == 0


def test_it_stays_within_its_limit() -> None:
    backlog = Backlog(limit=1000)
    for _ in range(1000):
        backlog.data(b"\x1b[?25l\x1b]0;title\x07" * 5)
        assert backlog.waiting_bytes <= 1000


def test_rescue_keeps_last_values() -> None:
    lost = b"\x1b[?1049h text \x1b[?1000;1006h\x1b]0;one\x07\x1b=\x1b[6n\x1b[?1049l\x1b]0;two\x1b\\\x1b>"
    assert rescue(lost).split(b"\x1b")[1:] == [
        b"[?1000h",
        b"[?1006h",
        b"]0;two",
        b"\\",
        b">",
        b"[?1049l",
        b"[6n",
    ], "each once, with its last value"
    assert rescue(b"\x1b[?1049h\x1bc") == b"\x1bc"
