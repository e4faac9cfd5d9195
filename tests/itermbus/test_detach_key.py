"""The key that detaches, however a terminal sends it."""

import pytest

from itermbus import detach_key
from itermbus.mistakes import Mistake


@pytest.mark.parametrize("name", ["ctrl-]", "Ctrl-]", "C-]", "^]"])
def test_a_key_has_several_names_and_codes(name: str) -> None:
    key = detach_key.parse(name)
    assert key.name == "Ctrl-]"
    for code in (b"\x1d", b"\x1b[93;5u", b"\x1b[27;5;93~"):
        assert key.split(b"ab" + code + b"cd" + code) == (b"ab", True)
    assert key.split(b"a\x1b[93;5ub\x1d") == (b"a", True)
    assert key.split(b"ab\x1b[93;5v") == (b"ab\x1b[93;5v", False)


def test_letters() -> None:
    assert detach_key.parse("ctrl-q").split(b"\x11") == (b"", True)
    assert detach_key.parse("C-Q").codes[1] == b"\x1b[113;5u"


@pytest.mark.parametrize("name", ["", "q", "ctrl-", "ctrl-qq", "ctrl-é", "F1"])
def test_what_is_no_such_key(name: str) -> None:
    with pytest.raises(Mistake):
        detach_key.parse(name)
