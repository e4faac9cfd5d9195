import logging
from pathlib import Path

import pytest

from broker.attach import History
from broker.attach_store import AttachStore

A, B = (f"{letter * 8}-0000-4000-8000-000000000000" for letter in "AB")


def test_what_was_kept_is_known_to_the_next_broker(tmp_path: Path) -> None:
    path = tmp_path / "broker.json"
    AttachStore(path).save({A: History(stopped=True, launches=(1.5, 2.5)), B: History()})
    assert AttachStore(path).load() == {A: History(stopped=True, launches=(1.5, 2.5))}
    assert [entry.name for entry in tmp_path.iterdir()] == ["broker.json"]


def test_what_is_on_disk_already_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "broker.json"
    store = AttachStore(path)
    store.save({A: History(stopped=True)})
    path.unlink()
    store.save({A: History(stopped=True)})
    assert not path.exists()
    store.save({A: History(stopped=True), B: History(stopped=True)})
    assert path.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"x": 1}', b"\xff", b'{"x": {"stopped": "yes"}}'])
def test_a_damaged_file_counts_as_nothing_known(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "broker.json"
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert AttachStore(path).load() == {}
    assert len(caplog.records) == 1


def test_names_that_are_no_session_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "broker.json"
    path.write_bytes(b'{"../x": {"stopped": true}}')
    assert AttachStore(path).load() == {}
    assert AttachStore(tmp_path / "none.json").load() == {}


def test_a_folder_that_cannot_be_written_is_told_and_survived(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    AttachStore(tmp_path / "gone" / "broker.json").save({A: History(stopped=True)})
    assert "cannot write" in caplog.text
