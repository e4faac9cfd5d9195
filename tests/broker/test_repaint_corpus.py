"""Snapshots of real programs' screens, taken by a running system's broker, as an independent emulator shows them."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iterm2 import api_pb2

from broker import iterm2_act, iterm2_look
from broker.contents import read_contents
from broker.iterm2_link import Link, rpc
from broker.repaint import Screen, paint
from bus.messages.commands import CreateTab, TakeSnapshot
from bus.messages.results import Created, Modes, Snapshot
from headless.emulator.encoding import encode_buffer
from headless.emulator.terminal import Terminal
from tests.broker.judge import Viewer, differences, held, same_again
from tests.broker.system import System
from tests.support import wait_until

CAPTURED = Path(__file__).parents[1] / "captured"
PROGRAMS = ["bash", "ls", "ls-color", "less", "less-search", "vim", "vim-split", "top"]

PALETTE = "".join(f"\x1b[38;5;{n}m{n:4}\x1b[0m\x1b[48;5;{n}m  \x1b[0m" for n in range(256))
TRUE_COLOURS = "".join(f"\x1b[38;2;{n};{255 - n};128;48;2;{255 - n};0;{n}m▀" for n in range(0, 256, 2)) + "\x1b[0m"
ATTRIBUTES = "".join(
    f"\x1b[{code}m{name}\x1b[0m "
    for code, name in [
        ("1", "bold"), ("2", "faint"), ("3", "italic"), ("4", "underline"), ("4:3;58:2::250:20:30", "curly"),
        ("5", "blink"), ("7", "inverse"), ("8", "invisible"), ("9", "struck"), ("1;3;4;9;31;44", "all"),
        ("7;31;44", "inverse colours"), ("7;1;32", "inverse bold"), ("97;105", "bright"),
    ]
)  # fmt: skip
BOXES = "\x1b(0lqqqqwqqqqk\r\nx    x    x\r\ntqqqqnqqqqu\r\nmqqqqvqqqqj\x1b(B\r\n╔═══╦═══╗\r\n║ █▓▒░  ║\r\n╚═══╩═══╝"
WIDE = "漢字かなカナ 한국어 ａｂ\r\n" + "漢" * 45 + "\r\nx" + "字" * 45
EMOJI = "👍🏽 👩‍💻 🇩🇪 ❤️ ⌚ 👨‍👩‍👧‍👦 1️⃣ end\r\n" + "👍🏽" * 60 + "\r\n" + "x" * 76 + "👩‍💻\r\nafter\r\n"
MARKS = "e\u0301 o\u0302\u0323 n\u0303 กำ நி हिन्दी Z\u0351\u036b\u0343\u036a\u0302 x\u20d7\r\na\u0308\u0323b"
LONG = "".join(f"{n} " for n in range(400)) + "\r\n" + "=" * 160 + "\r\nshort"
TABS = "a\tb\tc\r\n\t\tindented\r\n1234567\tx\r\n\x1b[41m\tred tab\x1b[0m\x1b[20Gfar"
ERASED = "\x1b[44mblue\x1b[K\r\n\x1b[7minverse\x1b[K\x1b[0m\r\n\x1b[42m\x1b[2J\x1b[5;5Hin green\x1b[0m"
MODES = "\x1b[?1049h\x1b[?1002h\x1b[?1006h\x1b=\x1b[3;10Hfull screen"
WRAP_PENDING = "\x1b[5;1H" + "-" * 79 + "\x1b[31m>"

SCREENS = {
    **{name: (CAPTURED / f"{name}.bin").read_bytes() for name in PROGRAMS},
    **{
        name: text.encode()
        for name, text in {
            "empty": "", "palette": PALETTE, "true colours": TRUE_COLOURS, "attributes": ATTRIBUTES, "boxes": BOXES,
            "wide": WIDE, "emoji": EMOJI, "marks": MARKS, "long": LONG, "tabs": TABS, "erased": ERASED,
            "modes": MODES, "wrap pending": WRAP_PENDING,
        }.items()
    },
}  # fmt: skip


class Canvas:
    """A session whose screen is painted by the tests; its program prints nothing by itself."""

    def __init__(self, system: System) -> None:
        self.system = system
        program = system.home / "quiet"
        # Answers of the terminal to what the captured programs asked must not be echoed.
        program.write_text("stty -echo\necho ready\nexec cat >/dev/null\n")
        self.session = system.call(CreateTab(command=f"/bin/sh {program}"), Created).session_id
        system.wait_attached(self.session)
        wait_until(lambda: b"ready" in self.snapshot()[1], "the program to be quiet")

    def show(self, data: bytes, columns: int, rows: int) -> Any:
        """Puts `data` on an empty screen of this size; what the host then holds."""

        async def put(link: Link) -> Any:
            size = f'{{"width": {columns}, "height": {rows}}}'
            answer = await link.ask(lambda c: rpc.async_set_property(c, "grid_size", size, session_id=self.session))
            assert answer.set_property_response.status == 0
            await link.ask(lambda c: rpc.async_inject(c, b"\x1bc\x1b[3J" + data, [self.session]))
            return await iterm2_look.get_screen(link, self.session)

        return self.system.as_user(put)

    def history(self, lines: int) -> Any:
        """The first `lines` lines that the host holds."""

        async def get(link: Link) -> Any:
            screen = await iterm2_look.get_screen(link, self.session)
            first = screen.windowed_coord_range.coord_range.start.y
            return await iterm2_look.get_lines(link, self.session, max(first - lines, 0), first)

        return self.system.as_user(get)

    def snapshot(self, scrollback: int = 0) -> tuple[Snapshot, bytes]:
        command = TakeSnapshot(session_id=self.session, scrollback=scrollback)
        return self.system.call_with_payload(command, Snapshot)


@pytest.fixture(scope="module")
def canvas(system: System) -> Canvas:
    return Canvas(system)


def painted(snapshot: Snapshot, repaint: bytes) -> Viewer:
    viewer = Viewer(snapshot.columns, snapshot.rows)
    viewer.feed(repaint)
    return viewer


@pytest.mark.parametrize("size", [(80, 24), (132, 43), (37, 10)], ids=["usual", "wide", "narrow"])
@pytest.mark.parametrize("name", SCREENS)
def test_the_viewer_sees_what_the_host_holds(canvas: Canvas, name: str, size: tuple[int, int]) -> None:
    columns, rows = size
    host = canvas.show(SCREENS[name], columns, rows)
    snapshot, repaint = canvas.snapshot()
    assert (snapshot.columns, snapshot.rows, snapshot.approximate) == (columns, rows, False)
    viewer = painted(snapshot, repaint)
    assert differences(held(host, columns), viewer.rows()) == []
    assert same_again(host, repaint, columns, rows) == []
    assert viewer.cursor.x == host.cursor.x == snapshot.cursor_column
    assert viewer.cursor.y == host.cursor.y - host.windowed_coord_range.coord_range.start.y == snapshot.cursor_row


@pytest.mark.parametrize("name", ["bash", "ls-color", "long", "wide", "emoji", "palette", "modes"])
def test_scrollback_comes_above_the_screen(canvas: Canvas, name: str) -> None:
    columns, rows = 60, 7
    lines = "".join(f"line {n} \x1b[3{n % 8}mcoloured\x1b[0m\r\n" for n in range(40)).encode()
    host = canvas.show(lines + SCREENS[name], columns, rows)
    above = canvas.history(30)
    snapshot, repaint = canvas.snapshot(scrollback=30)
    viewer = painted(snapshot, repaint)
    assert len(above.contents) == 30
    assert differences(held(above, columns), viewer.above()[-30 - rows * viewer.has_mode(1049) :][:30]) == []
    assert differences(held(host, columns), viewer.rows()) == []
    assert same_again(host, repaint, columns, rows) == []


def test_modes_are_on_again(canvas: Canvas) -> None:
    canvas.show(MODES.encode(), 80, 24)
    _, repaint = canvas.snapshot()
    viewer = Viewer(80, 24)
    viewer.feed(repaint)
    assert [viewer.has_mode(mode) for mode in (1049, 1000, 1002, 1003, 1006)] == [True, False, True, False, True]
    assert repaint.index(b"\x1b[?1049h") < repaint.index(b"full screen")
    assert repaint.endswith(b"\x1b=\x1b[2 q"), "application keypad, and the profile's cursor: a steady block"
    canvas.show(b"plain", 80, 24)
    viewer.feed(canvas.snapshot()[1])
    assert not any(viewer.has_mode(mode) for mode in (1000, 1002, 1003, 1006))


def test_wrapped_lines_are_one_line_at_the_viewer(canvas: Canvas) -> None:
    """In the stream there is nothing between their parts, so the viewer wraps them itself and joins them in a copy."""
    canvas.show(LONG.encode(), 80, 24)
    _, repaint = canvas.snapshot()
    assert "".join(f"{n} " for n in range(200, 400)).encode() in repaint
    assert b"=" * 160 in repaint


def test_a_live_shell(system: System) -> None:
    """A prompt and `ls --color`, run now: the stream moves, and the snapshot names the place that it belongs to."""
    session = system.new_session().session_id

    folder = system.home / "a folder"
    folder.mkdir()
    command = f"ls -d --color=always '{folder}' /usr /etc/passwd; echo d'o'ne\n"
    system.as_user(lambda link: iterm2_act.send_text(link, session, command))

    def finished() -> Any:
        screen = system.as_user(lambda link: iterm2_look.get_screen(link, session))
        texts = [line.text for line in screen.contents]
        return screen if "done" in texts and "ready$ " in texts[texts.index("done") :] else None

    host = wait_until(finished, "the prompt after the output")
    snapshot, repaint = system.call_with_payload(TakeSnapshot(session_id=session), Snapshot)
    assert snapshot.epoch is not None
    assert snapshot.offset > 0
    viewer = painted(snapshot, repaint)
    assert differences(held(host, snapshot.columns), viewer.rows()) == []
    colours = {cell.fg for row in viewer.rows() for cell in row}
    assert "brightblue" in colours or "blue" in colours, "the folders"


_CHARACTERS = st.sampled_from([*"aZ ~", "é", "e\u0301", "─", "漢", "😀", "👍🏽", "👩\u200d💻", "\t", "नि"])
_TEXT = st.lists(_CHARACTERS, max_size=30).map("".join)
_CODES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 22, 27, 31, 42, 95, 103, 39, 49, "58:2::1:2:3"]
_PIECES = st.one_of(
    _TEXT,
    st.sampled_from(
        ["\r\n", "\r\n", "\b", "\x1b[K", "\x1b[1K", "\x1b[L", "\x1b[M", "\x1b[3@", "\x1b[2P", "\x1b[?1049h"]
    ),
    st.builds("\x1b[{};{}H".format, st.integers(1, 8), st.integers(1, 30)),
    st.builds(
        "\x1b[{}m".format,
        st.sampled_from(
            [
                "0",
                "1",
                "2",
                "3",
                "4",
                "5",
                "7",
                "8",
                "9",
                "22",
                "27",
                "31",
                "42",
                "95",
                "103",
                "39",
                "49",
                "58:2::1:2:3",
            ]
        ),
    ),
    st.builds("\x1b[{}8;5;{}m".format, st.sampled_from([3, 4]), st.integers(0, 255)),
    st.builds("\x1b[{}8;2;{};2;3m".format, st.sampled_from([3, 4]), st.integers(0, 255)),
)


@settings(deadline=None, max_examples=200)
@given(st.lists(_PIECES, max_size=40), st.integers(6, 30), st.integers(1, 8))
def test_any_screen_of_the_host(pieces: list[str], columns: int, rows: int) -> None:
    """What the host's emulator makes of random output, painted and judged."""
    terminal = Terminal(columns, rows, 1000)
    terminal.feed("".join(pieces).encode())
    host = encode_buffer(terminal, api_pb2.LineRange(screen_contents_only=True))
    assert host is not None
    contents = read_contents(host)
    screen = Screen(
        columns=columns,
        rows=rows,
        lines=contents.lines,
        cursor_column=contents.cursor_column,
        cursor_row=contents.cursor_row - contents.first,
        modes=Modes(alternate_screen=terminal.grid is terminal.alternate),
    )
    repaint = paint(screen)
    viewer = Viewer(columns, rows)
    viewer.feed(repaint)
    assert differences(held(host, columns), viewer.rows()) == []
    assert same_again(host, repaint, columns, rows) == []
    assert (viewer.cursor.x, viewer.cursor.y) == (screen.cursor_column, screen.cursor_row)
