import os
from pathlib import Path

import pytest

from bus.errors import Invalid, SetupError
from bus.paths import SHIM, SOCKET_PATH_BYTES, Paths, check, ipc, prepare

SESSION = "0A1B2C3D-0000-4000-8000-00000000000F"


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    short = Path(f"/tmp/ib-{os.getpid()}-{tmp_path.name[-12:]}")
    short.symlink_to(tmp_path)
    monkeypatch.setenv("HOME", str(short))
    return Paths.of_home()


@pytest.fixture(autouse=True)
def _remove_link(tmp_path: Path):  # type: ignore[no-untyped-def]
    yield
    Path(f"/tmp/ib-{os.getpid()}-{tmp_path.name[-12:]}").unlink(missing_ok=True)


def test_prepare_makes_private_folders(paths: Paths) -> None:
    os.umask(0o022)
    prepare(paths)
    for folder in (paths.root, paths.run, paths.conf_d, paths.log):
        assert folder.stat().st_mode & 0o777 == 0o700
    prepare(paths)


@pytest.mark.parametrize("home", ["", "relative/path"])
def test_a_home_that_cannot_be_used_is_said(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", home)
    with pytest.raises(SetupError, match="HOME"):
        Paths.of_home()


def test_open_folders_are_refused_and_not_changed(paths: Paths) -> None:
    prepare(paths)
    paths.run.chmod(0o755)
    for use in (check, prepare):
        with pytest.raises(SetupError, match=r"0755.*chmod 700"):
            use(paths)
    assert paths.run.stat().st_mode & 0o777 == 0o755


def test_a_missing_folder_is_said(paths: Paths) -> None:
    with pytest.raises(SetupError, match="itermbus init"):
        check(paths)


def test_a_file_in_the_way_is_said(paths: Paths) -> None:
    paths.root.write_text("")
    with pytest.raises(SetupError, match="in the way"):
        prepare(paths)


def test_a_link_in_place_of_the_folder_is_refused(paths: Paths, tmp_path: Path) -> None:
    prepare(paths)
    paths.run.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    paths.run.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SetupError, match="not a folder"):
        check(paths)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_refused(paths: Paths) -> None:
    prepare(paths)
    os.chown(paths.run, 65534, 65534)
    with pytest.raises(SetupError, match="belongs to user 65534"):
        check(paths)


def test_a_path_too_long_for_a_socket_is_said(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * SOCKET_PATH_BYTES)
    deep.mkdir()
    with pytest.raises(SetupError, match=rf"allows {SOCKET_PATH_BYTES}"):
        prepare(Paths(deep))


def test_session_paths_take_session_ids_only(paths: Paths) -> None:
    assert paths.session(SESSION).attach == paths.run / f"{SESSION}.attach"
    with pytest.raises(Invalid):
        paths.session("../../etc")
    assert ipc(paths.bus_pub) == f"ipc://{paths.run}/bus.pub"


def test_the_shim_is_where_the_broker_says() -> None:
    assert SHIM.is_file()
