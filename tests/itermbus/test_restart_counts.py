"""Restarts, from supervisord's own log."""

from pathlib import Path

from itermbus import restart_counts

LOG = """\
2026-01-01 10:00:00,000 INFO supervisord started with pid 1
2026-01-01 10:00:01,000 INFO spawned: 'gateway' with pid 2
2026-01-01 10:00:02,000 INFO spawned: 'gateway' with pid 3
2026-01-02 10:00:00,000 INFO supervisord started with pid 9
2026-01-02 10:00:01,000 INFO spawned: 'broker' with pid 10
2026-01-02 10:00:01,000 INFO spawned: 'gateway' with pid 11
2026-01-02 10:00:03,000 WARN exited: gateway (terminated by SIGKILL; not expected)
2026-01-02 10:00:04,000 INFO spawned: 'gateway' with pid 12
2026-01-02 10:00:06,000 INFO spawned: 'gateway' with pid 13
"""


def test_starts_after_the_first_of_this_supervisord() -> None:
    assert restart_counts.count(LOG.splitlines()) == {"broker": 0, "gateway": 2}


def test_over_rotated_files_oldest_first(tmp_path: Path) -> None:
    lines = LOG.splitlines(keepends=True)
    (tmp_path / "s.log.2").write_text("".join(lines[:4]))
    (tmp_path / "s.log.1").write_text("".join(lines[4:7]))
    (tmp_path / "s.log").write_text("".join(lines[7:]))
    assert restart_counts.read(tmp_path / "s.log") == {"broker": 0, "gateway": 2}


def test_without_a_log(tmp_path: Path) -> None:
    assert restart_counts.read(tmp_path / "s.log") == {}
