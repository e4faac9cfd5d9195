"""Screens as text and pictures."""

import re
from xml.etree import ElementTree

from bus.messages.events import Config
from bus.messages.results import Snapshot
from itermbus.picture import Picture
from tests.itermbus.support import SESSION_ID

_CONFIG = Config(
    font="Menlo-Regular 12",
    cursor_type="CURSOR_TYPE_BLOCK",
    cursor_blink=False,
    scrollback=1000,
    foreground="#010203",
    background="#fafbfc",
    cursor="#000000",
    selection_color="#000000",
    ansi_colors=tuple(f"#0000{n:02x}" for n in range(16)),
)


def _picture(repaint: str, scrollback: int = 0) -> Picture:
    snapshot = Snapshot(session_id=SESSION_ID, epoch="e", offset=0, columns=20, rows=3, cursor_column=0, cursor_row=0)
    return Picture(snapshot, repaint.encode(), scrollback)


def test_text_has_wide_characters_once_and_no_spaces_at_the_end() -> None:
    assert _picture("\x1b[2Ja漢b  \r\n\r\n\x1b[31me\u0301\x1b[0m   ").text() == "a漢b\n\né\n"
    assert _picture("\x1b[2J").text() == "\n"


def test_scrollback_stands_above() -> None:
    lines = "\r\n".join(str(n) for n in range(6))
    assert _picture(f"\x1b[2J\x1b[3J{lines}", 3).text() == "0\n1\n2\n3\n4\n5\n"
    assert _picture(f"\x1b[2J\x1b[3J{lines}", 2).text().startswith("1\n")
    assert _picture(f"\x1b[2J\x1b[3J{lines}").text() == "3\n4\n5\n"


def test_pictures_have_the_sessions_colours_and_fetch_nothing() -> None:
    picture = _picture("\x1b[1;31mred\x1b[0m \x1b[93mx\x1b[0m \x1b[38;5;200my \x1b[38;2;1;2;3;48;2;9;9;9mz\x1b[0m <&>")
    svg, html = picture.svg(_CONFIG, "a <title>"), picture.html(_CONFIG, "t")
    for text in (svg, html):
        assert "#000001" in text  # red
        assert "#00000b" in text  # bright yellow
        assert "#ff00d7" in text  # 200
        assert "#fafbfc" in text
        assert "&lt;&amp;&gt;" in text
    ElementTree.fromstring(svg)
    assert re.findall(r"(?:src|href)\s*[=:]|url\((?!#)|@import", svg + html) == []
