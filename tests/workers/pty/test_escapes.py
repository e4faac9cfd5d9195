import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.messages.results import Modes
from workers.pty.escapes import EscapeFollower, Marked


def _follow(*pieces: bytes) -> EscapeFollower:
    follower, offset = EscapeFollower(), 0
    for piece in pieces:
        follower.take(piece, offset)
        offset += len(piece)
    return follower


@pytest.mark.parametrize(
    ("data", "modes"),
    [
        (b"plain text", Modes()),
        (b"\x1b[31mred", Modes()),
        (b"\x1b[?1h", Modes(cursor_keys=True)),
        (b"\x1b[?1h\x1b[?1l", Modes(cursor_keys=False)),
        (b"\x1b[?1049h", Modes(alternate_screen=True)),
        (b"\x1b[?1002;1006h", Modes(mouse=1002, mouse_encoding=1006)),
        (b"\x1b[?1002h\x1b[?1000l", Modes(mouse=0)),
        (
            b"\x1b[?2004h\x1b[?1004h\x1b[?25l\x1b[?7l",
            Modes(bracketed_paste=True, focus_reporting=True, cursor_visible=False, autowrap=False),
        ),
        (b"\x1b=", Modes(keypad=True)),
        (b"\x1b=\x1b>", Modes(keypad=False)),
        (b"\x1b[6 q", Modes(cursor_shape=6)),
        (b"\x1b[ q", Modes(cursor_shape=0)),
        (
            b"\x1b[?2004h\x1b[?1h\x1b[!p",
            Modes(bracketed_paste=True, cursor_keys=False, keypad=False, cursor_visible=True),
        ),
        (b"\x1b[?9999999999h\x1b[?;h\x1b[?h", Modes()),
    ],
)
def test_modes_are_what_the_bytes_said(data: bytes, modes: Modes) -> None:
    assert _follow(data).modes == modes


def test_a_full_reset_says_all_of_them() -> None:
    assert _follow(b"\x1b[?1h\x1b[?1003h\x1b[?25l\x1bc").modes == Modes(
        alternate_screen=False,
        cursor_keys=False,
        keypad=False,
        bracketed_paste=False,
        focus_reporting=False,
        cursor_visible=True,
        autowrap=True,
        mouse=0,
        mouse_encoding=0,
        cursor_shape=0,
    )


def test_marks_tell_the_range_of_the_output() -> None:
    stream = b"\x1b]133;A\x07$ \x1b]133;B\x07ls\r\n\x1b]133;C;\x07file\r\n\x1b]133;D;7\x1b\\\x1b]133;A;x=y\x07$ "
    follower = _follow(stream)
    running, finished, prompt = (follower.newest(state) for state in ("running", "finished", "prompt"))
    assert running is not None
    assert finished is not None
    assert stream[running.offset : finished.offset] == b"file\r\n"
    assert finished.status == 7
    assert prompt == Marked("prompt", len(stream) - 2, None)
    assert _follow(b"nothing").newest("prompt") is None


_TOKENS = [
    b"\x1b[?1h", b"\x1b[?1l", b"\x1b[?2004h", b"\x1b=", b"\x1b>", b"\x1b[2 q", b"\x1bc", b"\x1b[!p",
    b"\x1b]133;A\x07", b"\x1b]133;C\x1b\\", b"\x1b]133;D;1\x07", b"\x1b]133;D\x07", b"text", b"\x1b[31m", b"\x1b",
]  # fmt: skip


@given(st.lists(st.sampled_from(_TOKENS), max_size=20), st.data())
def test_the_same_however_the_bytes_arrive(tokens: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(tokens)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    whole, cut = _follow(stream), _follow(*pieces)
    assert cut.modes == whole.modes
    for state in ("prompt", "running", "finished"):
        assert cut.newest(state) == whole.newest(state)


def test_what_never_ends_is_forgotten() -> None:
    follower = EscapeFollower()
    for n in range(1000):
        follower.take(b"\x1b]133;A" + b"x" * 1000, n * 1007)
    assert len(follower._rest) < 1000
