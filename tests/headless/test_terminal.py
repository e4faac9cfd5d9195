"""The emulator: bytes in, GetBuffer's encoding out (iTerm2 sources/PTYSession/PTYSession.m:21424-21734)."""

import random
import re
from pathlib import Path

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iterm2 import api_pb2

from headless.emulator.encoding import encode_buffer
from headless.emulator.terminal import Terminal

UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[?>][0-9;]*[mcnu]|\x1bP.*?\x1b\\", re.DOTALL)
CAPTURED = Path(__file__).parents[1] / "captured"
HARD = api_pb2.LineContents.CONTINUATION_HARD_EOL
SOFT = api_pb2.LineContents.CONTINUATION_SOFT_EOL


def terminal(data: str | bytes, columns: int = 20, rows: int = 5, scrollback: int = 100) -> Terminal:
    """A terminal that has got `data`."""
    result = Terminal(columns, rows, scrollback)
    result.feed(data.encode() if isinstance(data, str) else data)
    return result


def screen(of: Terminal) -> api_pb2.GetBufferResponse:
    """The answer to a screen request."""
    response = encode_buffer(of, api_pb2.LineRange(screen_contents_only=True))
    assert response is not None
    return response


def everything(of: Terminal) -> list[str]:
    """The texts of scrollback and screen."""
    response = encode_buffer(of, api_pb2.LineRange(trailing_lines=1_000_000))
    assert response is not None
    return [line.text for line in response.contents]


def line(data: str, columns: int = 20) -> api_pb2.LineContents:
    """The first line after `data`."""
    return screen(terminal(data, columns)).contents[0]


def cells(of: api_pb2.LineContents) -> list[int]:
    """UTF-16 units per cell."""
    return [run.num_code_points for run in of.code_points_per_cell for _ in range(run.repeats)]


def test_units_are_utf16_and_sum_to_the_cells() -> None:
    wide = line("a😀b")
    assert (wide.text, cells(wide)) == ("a😀b", [1, 2, 0, 1])
    assert sum(run.repeats for run in wide.style) == 4


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("e\u0301x", [2, 1]),
        ("日x", [1, 0, 1]),
        ("👍🏽x", [4, 0, 1]),
        ("👩\u200d🚀x", [5, 0, 1]),
        ("🇩🇪x", [4, 0, 1]),
    ],
)
def test_clusters_stand_in_one_cell(text: str, units: list[int]) -> None:
    encoded = line(text)
    assert (encoded.text, cells(encoded)) == (text, units)
    split = Terminal(20, 5, 0)
    for byte in text.encode():
        split.feed(bytes([byte]))
    assert screen(split).contents[0] == encoded, "wherever the bytes are split"


def test_wide_character_that_does_not_fit() -> None:
    contents = screen(terminal("abc日", columns=4)).contents
    assert (contents[0].text, cells(contents[0]), contents[0].continuation) == ("abc", [1, 1, 1, 0], SOFT)
    assert contents[1].text == "日"


def test_nulls_and_spaces_differ() -> None:
    assert line("a \x1b[5Gb  ").text == "a \0\0b  "
    assert line("\x1b[41m\x1b[K").text == "", "trailing nulls go whatever their colour"
    assert line("\x1b[41ma\x1b[K").text == "a"


def test_tabs() -> None:
    over_empty = line("a\tb")
    assert (over_empty.text, cells(over_empty)) == ("a\tb", [1, 0, 0, 0, 0, 0, 0, 1, 1])
    assert line("abcdefghij\r\tX").text == "abcdefghXj", "over characters it only moves"


def test_soft_and_hard_ends() -> None:
    contents = screen(terminal("x" * 25 + "\r\ny")).contents
    assert [(len(item.text), item.continuation) for item in contents[:3]] == [(20, SOFT), (5, HARD), (1, HARD)]


def test_pending_wrap_shows_in_the_cursor() -> None:
    answer = screen(terminal("1\r\n" * 6 + "x" * 20))
    assert (answer.cursor.x, answer.cursor.y) == (20, 6)
    assert answer.windowed_coord_range.coord_range.start.y == 2
    assert answer.windowed_coord_range.coord_range.end.y == 7


def test_colours_and_attributes() -> None:
    data = "\x1b[31ma\x1b[1;4;38;5;208;48;2;1;2;3mb\x1b[0;7mc\x1b[0;32;7md\x1b[0;2;3;5;8;9me\x1b[0;97mf"
    data += "\x1b[4:3;58:2::9:8:7mg"
    style = line(data).style
    assert [run.repeats for run in style] == [1] * 7
    a, b, c, d, e, f, g = style
    assert (a.fgStandard, a.bgAlternate, a.bold) == (1, api_pb2.DEFAULT, False)
    assert (b.fgStandard, b.bold, b.underline) == (208, True, True)
    assert (b.bgRgb.red, b.bgRgb.green, b.bgRgb.blue) == (1, 2, 3)
    assert (c.fgAlternate, c.bgAlternate, c.inverse) == (api_pb2.REVERSED_DEFAULT,) * 2 + (True,)
    assert (d.fgAlternate, d.bgStandard, d.inverse) == (api_pb2.REVERSED_DEFAULT, 2, True), "already swapped"
    assert all((e.faint, e.italic, e.blink, e.invisible, e.strikethrough))
    assert f.fgStandard == 15
    assert g.underline
    assert (g.underlineColor.red, g.underlineColor.blue) == (9, 7)
    assert all(run.HasField("guarded") and run.HasField("image") and not run.HasField("url") for run in style)


def test_runs_differing_only_in_inverse_are_one() -> None:
    """Red on green, and green on red inverse, look the same (sources/ScreenChar/ScreenChar.h:374)."""
    assert len(line("\x1b[31;42ma\x1b[32;41;7mb").style) == 1


def test_ranges() -> None:
    full = terminal("".join(f"{number}\r\n" for number in range(20)), rows=5, scrollback=10)
    assert full.history.overflow == 6

    def ask(first: int, last: int, end_x: int = 0, start_x: int = 0) -> list[str] | None:
        wanted = api_pb2.LineRange()
        area = wanted.windowed_coord_range.coord_range
        area.start.x, area.start.y, area.end.x, area.end.y = start_x, first, end_x, last
        answer = encode_buffer(full, wanted)
        if answer is None:
            return None
        assert answer.windowed_coord_range.coord_range.start.y == first, "echoed, not clamped"
        return [item.text for item in answer.contents]

    assert ask(0, 8) == ["6", "7"], "lost lines are missing at the front"
    assert ask(18, 99) == ["18", "19", ""], "lines past the end at the back"
    assert ask(10, 12, end_x=1) == ["10", "11", "1"]
    assert ask(10, 11, start_x=1) == ["0"]
    assert ask(-5, 7) == ["6"]
    assert ask(3, 5, start_x=-1) is None


def test_erasing_the_screen_keeps_it_in_the_scrollback() -> None:
    assert everything(terminal("a\r\nb\x1b[2J\x1b[H"))[:2] == ["a", "b"]
    assert everything(terminal("a\r\nb\x1b[H\x1b[2J\x1b[3J")) == [""] * 5


def test_alternate_screen() -> None:
    shown = terminal("main\x1b[?1049h\x1b[Halt")
    assert screen(shown).contents[0].text == "alt"
    assert shown.take_news().facts == {"showingAlternateScreen": True}
    shown.feed(b"\x1b[?1049l")
    assert screen(shown).contents[0].text == "main"
    assert screen(shown).cursor.x == 4


def test_scroll_region_and_edits() -> None:
    edited = terminal("1\r\n2\r\n3\r\n4\r\n5\x1b[2;4r\x1b[2;1H\x1b[M\x1b[1;1Habc\x1b[1;1H\x1b[@X\x1b[P")
    assert [item.text for item in screen(edited).contents] == ["Xbc", "3", "4", "", "5"]


def test_replies() -> None:
    asked = terminal("ab\x1b[6n\x1b[5n\x1b[c\x1b[>c\x1b[?2004h\x1b[?2004$p\x1b[18t")
    replies = asked.take_news().replies.decode()
    assert replies == "\x1b[1;3R\x1b[0n\x1b[?64;1;2;6;17;18;21;22c\x1b[>41;2500;0c\x1b[?2004;1$y\x1b[8;5;20t"


def test_titles_folder_and_modes_are_news() -> None:
    told = terminal("\x1b]0;both\x07\x1b]2;window\x1b\\\x1b]7;file://host/a%20b\x07\x1b[?1002h\x1b=\a")
    news = told.take_news()
    assert news.facts == {
        "terminalIconName": "both",
        "terminalWindowName": "window",
        "path": "/a b",
        "mouseReportingMode": 2,
        "applicationKeypad": True,
    }
    assert news.bells == 1


def test_private_prefix_is_no_colour() -> None:
    assert not line("\x1b[>4;1mx").style[0].underline


def test_shell_integration() -> None:
    marked = terminal("\x1b]133;A\x07$ \x1b]133;B\x07ls -l\r\n\x1b]133;C\x07out\r\n\x1b]133;D;3\x07")
    events = marked.take_news().prompts
    assert [event["event"] for event in events] == ["prompt", "start", "end"]
    assert events[1]["command"] == "ls -l"
    assert events[2]["status"] == 3
    (prompt,) = marked.marks.prompts
    assert (prompt.prompt_start, prompt.command_start, prompt.output_start) == ((0, 0), (2, 0), (0, 1))


def test_reflow() -> None:
    moved = terminal("abcdefghij日本\r\nsecond", columns=12, rows=4)
    moved.resize(5, 4)
    assert everything(moved) == ["abcde", "fghij", "日本", "secon", "d"]
    moved.resize(11, 4)
    assert everything(moved)[:3] == ["abcdefghij", "日本", "second"]
    moved.resize(40, 4)
    assert everything(moved)[:2] == ["abcdefghij日本", "second"]
    assert screen(moved).cursor.x == 6


def test_endless_strings_are_given_up() -> None:
    for piece in (4096, 3 << 20):
        flooded = terminal(b"\x1b]0;")
        for _ in range((3 << 20) // piece):
            flooded.feed(b"x" * piece)
        flooded.feed(b"\x1b\\ok")
        assert everything(flooded)[0] == "ok"


def test_strings_in_many_pieces() -> None:
    pieces = terminal(b"\x1b]0;")
    for _ in range(1000):
        pieces.feed(b"x")
    pieces.feed(b"\x1b")
    pieces.feed(b"\\ok\x1bP$q")
    pieces.feed(b"m\x1b\\")
    news = pieces.take_news()
    assert news.facts["terminalIconName"] == "x" * 1000
    assert news.replies == b"\x1bP1$r0m\x1b\\"
    assert everything(pieces)[0] == "ok"


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.integers(2, 30), st.integers(2, 10), st.integers(0, 400))
def test_any_bytes_anyhow_split(data: bytes, columns: int, rows: int, cut: int) -> None:
    whole, parts = Terminal(columns, rows, 20), Terminal(columns, rows, 20)
    whole.feed(data)
    parts.feed(data[:cut])
    parts.feed(data[cut:])
    assert screen(whole) == screen(parts)
    for item in screen(whole).contents:
        assert sum(cells(item)) == len(item.text.encode("utf-16-le")) // 2
        assert sum(run.repeats for run in item.style) == len(cells(item)) <= columns
    whole.resize(max(2, columns // 2), rows + 1)
    screen(whole)


@pytest.mark.parametrize("seed", range(20))
def test_bulk_lines_are_the_same_as_single_ones(seed: int) -> None:
    chance = random.Random(seed)
    size = chance.randint(2, 30), chance.randint(2, 12), chance.choice([0, 3, 20, 200])
    bulk, single = Terminal(*size), Terminal(*size)
    single.lines = lambda _run: False  # type: ignore[method-assign]
    pieces = ["abc", "x" * 7, "\x1b[31m", "\x1b[0m", "日本", ""]
    data = "".join(chance.choice(pieces) + "\r\n" * chance.choice([1, 1, 1, 20]) for _ in range(60)).encode()
    bulk.feed(data)
    single.feed(data)
    assert everything(bulk) == everything(single)
    assert screen(bulk) == screen(single)


@pytest.mark.parametrize("name", ["ls", "vim", "less"])
def test_captured_streams_look_as_pyte_draws_them(name: str) -> None:
    """An independent emulator is the judge of every character; sequences that pyte misreads are kept from it."""
    data = (CAPTURED / f"{name}.bin").read_bytes().partition(b"\x1b[?1049l")[0]  # pyte has no alternate screen
    own = Terminal(80, 24, 1000)
    for start in range(0, len(data), 97):
        own.feed(data[start : start + 97])
    judge = pyte.Screen(80, 24)
    pyte.ByteStream(judge).feed(UNKNOWN_TO_PYTE.sub(b"", data))
    shown = [item.text.replace("\0", " ").rstrip() for item in screen(own).contents]
    assert shown == [text.rstrip() for text in judge.display]
