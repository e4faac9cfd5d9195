import json
from pathlib import Path

from workers.gateway.audit import AuditLog
from workers.gateway.identity import Identity


def test_it_says_who_typed_how_much_where_and_not_what(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    audit = AuditLog(path)
    audit.record(Identity(3, pid=77, name='a"\n'), "S", 12, None)
    audit.record(Identity(4), "S", 5, "busy")
    audit.close()
    first, second = (json.loads(line) for line in path.read_text().splitlines())
    assert {key: first[key] for key in ("client", "name", "pid", "session_id", "bytes")} == {
        "client": 3,
        "name": 'a"\n',
        "pid": 77,
        "session_id": "S",
        "bytes": 12,
    }
    assert set(first) == {"time", "client", "name", "pid", "session_id", "bytes"}
    assert second["refused"] == "busy"
    assert path.stat().st_mode & 0o777 == 0o600


def test_it_is_bounded_and_private_after_a_rotation(tmp_path: Path) -> None:
    audit = AuditLog(tmp_path / "audit.log", file_bytes=2000, files=2)
    for number in range(200):
        audit.record(Identity(number), "S", 1, None)
    audit.close()
    files = list(tmp_path.iterdir())
    assert len(files) == 3
    assert all(file.stat().st_size <= 2000 for file in files)
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)
