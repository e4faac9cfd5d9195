"""Keys by name."""

import pytest

from itermbus import key_codes
from itermbus.mistakes import Mistake


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("C-c", b"\x03"),
        ("^[", b"\x1b"),
        ("C-?", b"\x7f"),
        ("enter", b"\r"),
        ("Up", b"\x1b[A"),
        ("M-x", b"\x1bx"),
        ("M-Up", b"\x1b\x1b[A"),
        ("a", b"a"),
        ("漢", "漢".encode()),
    ],
)
def test_a_key_is_what_a_terminal_sends(name: str, code: bytes) -> None:
    assert key_codes.code(name) == code


@pytest.mark.parametrize("name", ["", "C-", "Upp", "M-", "C-cc"])
def test_what_is_no_key(name: str) -> None:
    with pytest.raises(Mistake):
        key_codes.code(name)
