"""A repaint is fed to an independent terminal emulator, whose cells must then be the screen's."""

from collections.abc import Sequence
from itertools import chain, repeat

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.contents import Line, Style
from broker.repaint import Screen, paint
from broker.sgr import PLAIN
from bus.messages.results import Modes

COLOURS = ["black", "red", "green", "brown", "blue", "magenta", "cyan", "white"]


def show(screen: Screen, before: bytes = b"") -> pyte.HistoryScreen:
    """What a terminal of the same size shows after the repaint, whatever it showed `before`."""
    emulator = pyte.HistoryScreen(screen.columns, screen.rows, history=1000)
    stream = pyte.ByteStream(emulator)
    stream.feed(before)
    stream.feed(paint(screen))
    return emulator


def screen_of(*lines: Line, columns: int = 10, rows: int = 4, cursor: tuple[int, int] = (0, 0), **more) -> Screen:
    return Screen(columns=columns, rows=rows, lines=lines, cursor_column=cursor[0], cursor_row=cursor[1], **more)


def cells_of(emulator: pyte.Screen, row: int) -> list[str]:
    return [emulator.buffer[row][column].data for column in range(emulator.columns)]


def text_of(line: Line, columns: int) -> list[str]:
    """What each cell of a line shows: the right half of a wide character nothing, an empty cell a blank."""
    cells = [*line.cells, *repeat("\0", columns - len(line.cells))]
    shown: list[str] = []
    for column, cell in enumerate(cells):
        right_half = cell == "" and column > 0 and shown[-1] != "" and pyte.screens.wcwidth(shown[-1][0]) == 2
        shown.append("" if right_half else cell if cell.strip("\0\t") else " ")
    return shown


def test_text_lands_in_its_cells_whatever_was_there_before() -> None:
    screen = screen_of(Line("hello"), Line(), Line("  world"), cursor=(3, 2))
    emulator = show(screen, before=b"\x1b[41m\x1b[2;3r\x1b[?6h\x1b[4h" + b"rubbish " * 20)
    assert emulator.display == ["hello     ", "          ", "  world   ", "          "]
    assert (emulator.cursor.x, emulator.cursor.y) == (3, 2)
    assert emulator.buffer[1][5].bg == "default"


def test_the_first_thing_is_a_clear() -> None:
    assert paint(screen_of(Line("x"))).startswith(b"\x1b[2J")
    assert paint(screen_of(Line("x"), modes=Modes(alternate_screen=True))).startswith(b"\x1b[2J")


@pytest.mark.parametrize(
    ("style", "shown"),
    [
        (Style(fg=1, bg=4), {"fg": "red", "bg": "blue"}),
        (Style(fg=9, bg=12), {"fg": "brightred", "bg": "brightblue"}),
        (Style(fg=196, bg=21), {"fg": "ff0000", "bg": "0000ff"}),
        (Style(fg=(1, 2, 3), bg=(250, 251, 252)), {"fg": "010203", "bg": "fafbfc"}),
        (Style(bold=True, italic=True, underline=True), {"bold": True, "italics": True, "underscore": True}),
        (Style(blink=True, strikethrough=True), {"blink": True, "strikethrough": True}),
        # iTerm2 exchanged the colours already; the viewer is told red on default, inverted.
        (Style(fg="reversed", bg=1, inverse=True), {"fg": "red", "bg": "default", "reverse": True}),
        (Style(fg="reversed", bg="reversed", inverse=True), {"fg": "default", "bg": "default", "reverse": True}),
        (Style(fg="reversed", bg="reversed"), {"fg": "default", "bg": "default", "reverse": True}),
        (Style(fg="reversed", bg=2), {"fg": "101112", "bg": "green", "reverse": False}),
    ],
)
def test_styles(style: Style, shown: dict[str, object]) -> None:
    line = Line("plain styled", ((6, PLAIN), (6, style)))
    emulator = show(screen_of(line, columns=14, defaults=("#ffffff", "#101112")))
    cell = emulator.buffer[0][8]
    assert {name: getattr(cell, name) for name in shown} == shown
    assert emulator.buffer[0][2].fg == emulator.buffer[0][13].fg == "default"
    assert emulator.buffer[1][0].bg == "default"


def test_what_the_emulator_cannot_show_is_in_the_sequence() -> None:
    style = Style(faint=True, invisible=True, underline_colour=(1, 2, 3))
    assert b"\x1b[0;2;8;58:2::1:2:3mx" in paint(screen_of(Line("x", ((1, style),))))


def test_wide_characters_marks_tabs_and_empty_cells() -> None:
    cells = ["漢", "", "e\u0301", "\0", "", "", "\t", "字", "", "z"]
    emulator = show(screen_of(Line(cells)))
    assert cells_of(emulator, 0) == ["漢", "", "é", " ", " ", " ", " ", "字", "", "z"]


@pytest.mark.parametrize("cell", ["👩‍💻", "👍🏽", "🇩🇪", "❤️", "⌚"])
def test_the_cell_after_a_character_of_doubtful_width_is_in_its_place(cell: str) -> None:
    emulator = show(screen_of(Line([cell, "", "a", "b"])))
    assert cells_of(emulator, 0)[2:5] == ["a", "b", " "]


def test_a_character_that_iterm2_drew_narrow_and_the_viewer_draws_wide() -> None:
    emulator = show(screen_of(Line(["漢", "a"])))
    assert cells_of(emulator, 0)[1] == "a"


def test_control_characters_do_not_reach_the_viewer() -> None:
    painted = paint(screen_of(Line(["\x1b", "\x9b", "\r", "\x07", "x"])))
    assert painted.count(b"\x07") == 0
    assert b"\xc2\x9b" not in painted
    assert cells_of(show(screen_of(Line(["\x1b", "\x9b", "\r", "\x07", "x"]))), 0)[:5] == [" ", " ", " ", " ", "x"]


def test_soft_lines_wrap_by_themselves() -> None:
    screen = screen_of(Line("0123456789", soft=True), Line("abc"), cursor=(3, 1))
    assert b"0123456789abc" in paint(screen)
    assert show(screen).display[:2] == ["0123456789", "abc       "]


def test_a_soft_line_that_is_not_full_does_not_pull_the_next_one_up() -> None:
    screen = screen_of(Line("0123", soft=True), Line("abc"))
    assert show(screen).display[:2] == ["0123      ", "abc       "]


def test_a_wide_character_that_did_not_fit_opens_the_next_line() -> None:
    first = Line([*"012345678", ""], soft=True)
    screen = screen_of(first, Line(["漢", "", "x"]))
    emulator = show(screen)
    assert cells_of(emulator, 0)[8:] == ["8", " "]
    assert cells_of(emulator, 1)[:3] == ["漢", "", "x"]


def test_a_wrap_is_pending_again_and_the_next_character_goes_to_the_next_line() -> None:
    style = Style(fg=1)
    screen = screen_of(Line("0123456789", ((9, PLAIN), (1, style))), cursor=(10, 0))
    emulator = show(screen)
    assert emulator.cursor.x == 10
    assert emulator.buffer[0][9].fg == "red"
    pyte.ByteStream(emulator).feed(b"!")
    assert emulator.display[:2] == ["0123456789", "!         "]


def test_a_wrap_pending_after_a_wide_character() -> None:
    emulator = show(screen_of(Line([*"01234567", "漢", ""]), cursor=(10, 0)))
    assert emulator.cursor.x == 10
    assert cells_of(emulator, 0)[8:] == ["漢", ""]


def test_scrollback_is_above_the_screen() -> None:
    above = [Line(f"old {number}") for number in range(7)]
    screen = screen_of(Line("now"), Line("$"), scrollback=above, cursor=(1, 1))
    emulator = show(screen)
    history = ["".join(line[column].data for column in range(5)) for line in emulator.history.top]
    assert history == [f"old {number}" for number in range(7)]
    assert emulator.display[0] == "now       "
    assert (emulator.cursor.x, emulator.cursor.y) == (1, 1)


def test_the_alternate_screen_is_entered_after_the_scrollback_was_scrolled_off() -> None:
    painted = paint(screen_of(Line("vi"), scrollback=[Line("old")], modes=Modes(alternate_screen=True)))
    entered = painted.index(b"\x1b[?1049h")
    assert painted.index(b"old") < entered < painted.index(b"vi")
    assert painted.count(b"\r\n", painted.index(b"old"), entered) == 4
    assert b"\x1b[?1049h" not in paint(screen_of(Line("sh")))


def test_modes() -> None:
    painted = paint(screen_of(Line(), modes=Modes(mouse=1002, keypad=True, cursor_shape=5)))
    assert painted.index(b"\x1b[?1002l") < painted.index(b"\x1b[?1002h")
    assert painted.endswith(b"\x1b[?1002h\x1b[?1006h\x1b=\x1b[5 q")
    assert paint(screen_of(Line())).endswith(b"\x1b>")


CHARACTERS = st.sampled_from([*"aZ09~ ", "é", "e\u0301", "─", "漢", "字", "\0", "\t"])
STYLES = st.builds(
    Style,
    fg=st.one_of(st.none(), st.integers(0, 15)),
    # The emulator misspells its name of bright magenta as a background.
    bg=st.one_of(st.none(), st.integers(0, 12)),
    bold=st.booleans(),
    underline=st.booleans(),
)


@st.composite
def line_strategy(draw: st.DrawFn, columns: int) -> Line:
    cells: list[str] = []
    styles: list[Style] = []
    style = draw(STYLES)
    for character in draw(st.lists(CHARACTERS, max_size=columns)):
        group = [character, ""] if character in "漢字" else [character]
        if len(cells) + len(group) > columns or (len(character) > 1 and len(cells) + 1 == columns):
            # The emulator wraps when a mark comes after the last column, which terminals do not.
            break
        if draw(st.booleans()):
            style = draw(STYLES)
        cells += group
        styles += [style] * len(group)
    return Line(cells, tuple((1, style) for style in styles), soft=draw(st.booleans()))


@st.composite
def screen_strategy(draw: st.DrawFn) -> Screen:
    columns, rows = draw(st.integers(2, 9)), draw(st.integers(1, 5))
    lines = draw(st.lists(line_strategy(columns), min_size=rows, max_size=rows))
    cursor = draw(st.tuples(st.integers(0, columns), st.integers(0, rows - 1)))
    return screen_of(*lines, columns=columns, rows=rows, cursor=cursor)


def colour_of(colour: object) -> str:
    if colour is None:
        return "default"
    assert isinstance(colour, int)
    return COLOURS[colour] if colour < 8 else f"bright{COLOURS[colour - 8]}"


def styles_of(line: Line) -> Sequence[Style]:
    return list(chain.from_iterable(repeat(style, count) for count, style in line.runs))


@given(screen_strategy())
def test_any_screen_is_shown_cell_by_cell(screen: Screen) -> None:
    emulator = show(screen)
    for row, line in enumerate(screen.lines):
        assert [*map(_composed, text_of(line, screen.columns))] == cells_of(emulator, row)
        for column, style in enumerate(styles_of(line)):
            if line.cells[column] == "":
                continue
            cell = emulator.buffer[row][column]
            assert (cell.fg, cell.bg) == (colour_of(style.fg), colour_of(style.bg))
            assert (cell.bold, cell.underscore) == (style.bold, style.underline)
    assert emulator.cursor.y == screen.cursor_row
    assert emulator.cursor.x == screen.cursor_column


def _composed(text: str) -> str:
    return "é" if text == "e\u0301" else text
