import os
from pathlib import Path

import pytest

from bus.config import Settings, load
from bus.errors import SetupError
from bus.limits import CONFIG_BYTES
from bus.paths import Paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    (tmp_path / ".itermbus").mkdir()
    return Paths(tmp_path)


def test_without_a_file_every_setting_has_its_default(paths: Paths) -> None:
    assert load(paths) == Settings()


def test_what_the_file_says_is_in_force(paths: Paths) -> None:
    paths.config.write_text('log_level = "debug"\n[gateway]\nresize = "follow"\n')
    settings = load(paths)
    assert (settings.log_level, settings.gateway.resize, settings.gateway.clients) == ("debug", "follow", 64)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("log_level = ", "not TOML"),
        ("colour = 1", "colour"),
        ("[gateway]\nclients = 0", "clients"),
        ("[gateway]\nclients = true", "clients"),
        ('[gateway]\nresize = "sometimes"', "resize"),
        ("[worker]\nring_bytes = 1", "ring_bytes"),
    ],
)
def test_what_cannot_be_used_is_said(paths: Paths, text: str, says: str) -> None:
    paths.config.write_text(text)
    with pytest.raises(SetupError, match=says):
        load(paths)


def test_a_file_that_is_not_text_is_said(paths: Paths) -> None:
    paths.config.write_bytes(b"\xff")
    with pytest.raises(SetupError, match="cannot read"):
        load(paths)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"#" * (CONFIG_BYTES + 1), "longer than 1048576"),
        (b"a = " + b"[" * 100_000, "not TOML"),
        (b"a = 1" + b"0" * 5000, "not TOML"),
        (b'"a\\nforged\\u001b[2J" = 1', "unknown field"),
        (b"\x00", "not TOML"),
    ],
)
def test_whatever_is_in_it_the_answer_is_one_line(paths: Paths, data: bytes, says: str) -> None:
    paths.config.write_bytes(data)
    with pytest.raises(SetupError, match=says) as caught:
        load(paths)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


def test_a_pipe_in_its_place_hangs_nobody(paths: Paths) -> None:
    os.mkfifo(paths.config)
    with pytest.raises(SetupError, match="no file"):
        load(paths)
