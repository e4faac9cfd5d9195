import configparser
from pathlib import Path

import pytest

from broker.worker_conf import worker_conf
from broker.worker_files import WorkerFiles
from bus.errors import Invalid
from bus.paths import Paths
from bus.ring_file import open_ring

#: Bytes of a new ring.
RING = 100_000

A, B = (f"{letter * 8}-0000-4000-8000-000000000000" for letter in "AB")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths(tmp_path)
    for folder in (paths.root, paths.run, paths.conf_d, paths.log):
        folder.mkdir()
    return paths


def test_the_section_is_one_program() -> None:
    parser = configparser.RawConfigParser()
    parser.read_string(worker_conf(A))
    assert parser.sections() == [f"program:pty-{A}"]
    assert parser.get(f"program:pty-{A}", "command").endswith(f'" -P -m workers.pty {A}')


@pytest.mark.parametrize("name", ["x", "../../etc", f"{A}\ncommand=rm", A.lower()])
def test_nothing_but_a_session_id_gets_into_it(name: str) -> None:
    with pytest.raises(Invalid):
        worker_conf(name)


def test_a_conf_file_is_written_whole_and_found_again(paths: Paths) -> None:
    files = WorkerFiles(paths, RING)
    files.write_conf(A)
    files.write_conf(A)
    assert paths.worker_conf(A).read_text() == worker_conf(A)
    assert [path.name for path in paths.conf_d.iterdir()] == [f"pty-{A}.conf"]
    assert files.configured() == files.left() == frozenset({A})


def test_a_new_ring_has_the_size_that_the_settings_say_whoever_opens_it_first(paths: Paths) -> None:
    files = WorkerFiles(paths, RING)
    files.make_ring(A)
    path = str(paths.session(A).ring)
    first = open_ring(path, 10 * RING)
    assert (first.capacity, first.epoch) == (RING, "")
    first.restart("e1")
    files.make_ring(A)
    first.close()
    files.make_ring(A)
    second = open_ring(path, 10 * RING)
    assert (second.capacity, second.epoch) == (RING, "e1")
    second.close()


def test_removing_takes_all_of_one_session_and_nothing_else(paths: Paths) -> None:
    files = WorkerFiles(paths, RING)
    for session_id in (A, B):
        files.write_conf(session_id)
        mine = paths.session(session_id)
        for path in (*mine.sockets, mine.ring):
            path.touch()
        for name in (f"pty-{session_id}.log", f"pty-{session_id}.log.1"):
            (paths.log / name).touch()
    others = [paths.broker_rpc, paths.bus_pub, paths.conf_d / "headless.conf", paths.log / "broker.log"]
    for path in others:
        path.touch()
    files.remove([A])
    files.remove([A])
    assert files.left() == frozenset({B})
    assert all(path.exists() for path in (*others, *paths.session(B).sockets))
    assert not list(paths.root.rglob(f"*{A}*"))


def test_names_that_are_no_session_are_not_ours(paths: Paths) -> None:
    for path in (paths.run / "lock", paths.conf_d / "pty-notes.conf", paths.log / "pty-x.log"):
        path.touch()
    assert WorkerFiles(paths, RING).left() == frozenset()
