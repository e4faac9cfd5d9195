from iterm2 import api_pb2

from broker.contents import Line, Style, read_contents
from broker.sgr import PLAIN


def line(text: str, *counts: tuple[int, int], soft: bool = False) -> api_pb2.LineContents:
    """A line as iTerm2 sends it; `counts` are UTF-16 units and how many cells have as many."""
    message = api_pb2.LineContents(text=text, continuation=2 if soft else 1)
    for units, repeats in counts:
        message.code_points_per_cell.add(num_code_points=units, repeats=repeats)
    return message


def read(*lines: api_pb2.LineContents) -> tuple[Line, ...]:
    return read_contents(api_pb2.GetBufferResponse(contents=lines)).lines


def test_a_plain_line_stays_one_text() -> None:
    assert read(line("ls -l", (1, 5))) == (Line("ls -l"),)


def test_empty_and_soft_lines() -> None:
    assert read(line(""), line("", soft=True)) == (Line(""), Line("", soft=True))


def test_cells_are_counted_in_utf16_units() -> None:
    (found,) = read(line("a😀b", (1, 1), (2, 1), (0, 1), (1, 1)))
    assert list(found.cells) == ["a", "😀", "", "b"]


def test_marks_and_joined_emoji_share_the_first_cell() -> None:
    joined = "👩‍💻"
    (found,) = read(line(f"e\u0301{joined}x", (2, 1), (5, 1), (0, 1), (1, 1)))
    assert list(found.cells) == ["e\u0301", joined, "", "x"]


def test_a_tab_is_in_the_last_of_its_cells() -> None:
    (found,) = read(line("a\tb", (1, 1), (0, 6), (1, 2)))
    assert list(found.cells) == ["a", "", "", "", "", "", "", "\t", "b"]


def test_text_and_counts_that_do_not_match_lose_nothing_that_is_there() -> None:
    (found,) = read(line("ab", (1, 3)))
    assert list(found.cells) == ["a", "b", ""]


def test_styles() -> None:
    message = line("abcd", (1, 4))
    message.style.add(fgStandard=1, bgAlternate=0, bold=True, repeats=1)
    message.style.add(fgAlternate=3, bgRgb=api_pb2.RGBColor(red=1, green=2, blue=3), inverse=True, repeats=2)
    message.style.add(fgAlternate=4, bgStandard=255, repeats=1)
    (found,) = read(message)
    assert found.runs == (
        (1, Style(fg=1, bold=True)),
        (2, Style(fg="reversed", bg=(1, 2, 3), inverse=True)),
        (1, Style(bg=255)),
    )


def test_an_image_cell_has_no_colour() -> None:
    message = line("", (0, 1))
    message.style.add(image=1, repeats=1)
    assert read(message)[0].runs == ((1, PLAIN),)


def test_underline_colour_is_kept_only_when_given() -> None:
    message = line("a", (1, 1))
    message.style.add(underline=True, underlineColor=api_pb2.RGBColor(red=9, green=8, blue=7), repeats=1)
    assert read(message)[0].runs == ((1, Style(underline=True, underline_colour=(9, 8, 7))),)


def test_the_cursor_and_the_first_line_are_absolute() -> None:
    response = api_pb2.GetBufferResponse()
    response.cursor.x, response.cursor.y = 80, 1005
    response.windowed_coord_range.coord_range.start.y = 1000
    found = read_contents(response)
    assert (found.first, found.cursor_column, found.cursor_row) == (1000, 80, 1005)
