import base64
import json

import pytest

from bus.errors import Busy, RequestError
from bus.messages.events import Config
from bus.messages.layout import Iterm2Status, Layout, Session, Split, Tab, Window
from workers.gateway import dialect1, wire
from workers.gateway.layout import LayoutIndex


def _id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012X}"


def _layout(count: int, title: str = "bash") -> LayoutIndex:
    tabs = tuple(
        Tab(
            tab_id=str(n),
            root=Split(vertical=False, children=(Session(session_id=_id(n), title=title, columns=80, rows=25),)),
            active_session_id=_id(n),
        )
        for n in range(count)
    )
    window = Window(window_id="pty-1", number=0, tabs=tabs, selected_tab_id="1")
    status = Iterm2Status(state="connected")
    return LayoutIndex(Layout(broker="b", revision=1, iterm2=status, windows=(window,), active_window_id="pty-1"))


def test_a_request_is_read_exactly() -> None:
    line = json.dumps({"type": "terminal_input", "session_id": "s", "data": "AP8=", "extra": 1}).encode()
    assert dialect1.parse(line) == dialect1.TerminalInput(session_id="s", data=b"\x00\xff")
    assert dialect1.parse(b'{"type":"request_screen_refresh"}') == dialect1.RequestScreenRefresh()
    assert dialect1.parse(b'{"type":"request_screen_refresh","session_id":null}') == dialect1.RequestScreenRefresh()


@pytest.mark.parametrize("line", [b"", b"nul", b"1", b'"x"', b"{}", b'{"type":null}', b'{"type":"terminal_input"}'])
def test_what_is_no_request_is_refused(line: bytes) -> None:
    with pytest.raises(RequestError):
        dialect1.parse(line)


def test_a_clients_own_text_is_repeated_short_and_harmless() -> None:
    assert wire.quoted("a\x1b[2J\n\u202e") == '"a\\u001b[2J\\n\\u202e"'
    assert len(wire.quoted("x" * 10_000)) < 80
    with pytest.raises(RequestError) as refusal:
        dialect1.parse(json.dumps({"type": "x" * 100_000}).encode())
    assert len(str(refusal.value)) < 400


def test_sessions_says_which_is_active() -> None:
    message = json.loads(dialect1.sessions(_layout(3, "tïtle")))
    assert [s["is_active"] for s in message["sessions"]] == [False, True, False]
    assert message["sessions"][1] == {"session_id": _id(1), "tab_id": "1", "title": "tïtle", "is_active": True}


def test_many_sessions_with_long_titles_fit_one_line() -> None:
    line = dialect1.sessions(_layout(400, "漢" * 1000))
    assert len(line) <= wire.OUTPUT_LINE_BYTES
    assert len(json.loads(line)["sessions"]) == 400


def test_the_longest_data_fits_one_line() -> None:
    data = bytes(range(256)) * (wire.DATA_BYTES // 256)
    line = dialect1.initial_terminal_data(_id(1), data)
    assert len(line) <= wire.OUTPUT_LINE_BYTES
    assert base64.b64decode(json.loads(line)["data"]) == data


def test_lines_are_ascii_and_end_once() -> None:
    config = Config(
        font="Mönaco 12",
        cursor_type="CURSOR_TYPE_BLOCK",
        cursor_blink=True,
        scrollback=1000,
        foreground="#000000",
        background="#ffffff",
        cursor="#000000",
        selection_color="#000000",
        ansi_colors=("#000000",) * 16,
    )
    for line in (dialect1.config(config), dialect1.error(Busy("ü\n")), dialect1.READY, dialect1.tab_switched("1", "s")):
        assert line.isascii()
        assert line.count(b"\n") == 1
        assert line.endswith(b"\n")
    assert json.loads(dialect1.config(config))["cursorBlink"] is True
